import { z } from 'zod';

import { roundUsd } from '../../common/round-usd.ts';
import type { Redact } from '../redact.ts';
import { toStatus, type RunRecord } from '../run-record.ts';

const text = z.string();
const count = z.number();
const ms = z.number().nullable();

/** A run that ended, as it is kept: numbers and names, never what was said in it. */
export const KeptRequest = z.object({
  /** Counts up; the run that ended last has the highest. */
  number: count,
  /** The request's id, as the caller has it in the headers. */
  id: text,
  keyId: text,
  dialect: text,
  isAgent: z.number().transform(Boolean),
  /** The one that answered, or as the caller wrote it where none did. */
  model: text,
  requestedModel: text,
  status: z.enum(['done', 'failed', 'cancelled']),
  /** How it finished, or the code of its failure. */
  outcome: text,
  /** The sentence that its caller was told. */
  error: text.nullable(),
  /** Milliseconds since 1970. */
  startedAtMs: count,
  endedAtMs: count,
  /** Since the start, like the two below: when it had a place, when it had its process. */
  queuedMs: ms,
  boundMs: ms,
  firstTokenMs: ms,
  totalMs: count,
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  costUsd: z.number().transform(roundUsd).nullable(),
});

export type KeptRequest = z.infer<typeof KeptRequest>;

/** What a new row holds, under the names of its columns. */
export type NewRow = Omit<KeptRequest, 'number' | 'isAgent'> & { isAgent: number };

/** What a caller sent may stand in an error's sentence. */
const LONGEST_ERROR = 500;

/** Takes what is kept out of a record. A list of fields, so that nothing else can get there. */
export function toRow(record: Readonly<RunRecord>, endedAtMs: number, redact: Redact): NewRow {
  const { reachedMs, usage, failure, outcome = 'internal' } = record;
  return {
    id: record.id,
    keyId: record.keyId,
    dialect: record.dialect,
    isAgent: Number(record.isAgent),
    model: record.model ?? record.requestedModel,
    requestedModel: record.requestedModel,
    status: toStatus(record),
    outcome,
    error: failure ? redact(failure.message).slice(0, LONGEST_ERROR) : null,
    startedAtMs: record.startedAtMs,
    endedAtMs,
    queuedMs: reachedMs.placed ?? null,
    boundMs: reachedMs.bound ?? null,
    firstTokenMs: record.firstTokenMs ?? null,
    totalMs: record.totalMs ?? 0,
    inputTokens: usage.input,
    outputTokens: usage.output,
    cacheReadTokens: usage.cacheRead,
    cacheWriteTokens: usage.cacheWrite,
    costUsd: record.costUsd ?? null,
  };
}
