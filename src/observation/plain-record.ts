import { z } from 'zod';

import { RunError, type RunErrorCode } from '../run-error.ts';
import type { RunRecord } from './run-record.ts';

/** A record as one server tells another, in JSON: of its failure the code and the sentence. */
export const PlainRecord = z.object({
  record: z.custom<RunRecord>(), // as `toPlainRecord` made it
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
});

type PlainRecord = z.infer<typeof PlainRecord>;

/** Makes what stands in JSON for a record. */
export function toPlainRecord({ failure, ...record }: Readonly<RunRecord>): PlainRecord {
  return {
    record: { ...record, failure: undefined },
    failure: failure && { code: failure.code, message: failure.message },
  };
}

/** The record that a server told of. */
export function fromPlainRecord({ record, failure }: PlainRecord): RunRecord {
  return { ...record, failure: failure && toError(failure) };
}

function toError({ code, message }: NonNullable<PlainRecord['failure']>) {
  return new RunError(code as RunErrorCode, message); // written from one
}
