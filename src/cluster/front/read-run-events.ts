import { z } from 'zod';

import { eventsFromWire } from '../../run-wire.ts';
import type { Run } from '../../run.ts';
import { type GoingRun, readArrivals } from './going-run.ts';
import { toLoss } from '../refusals.ts';
import type { RunRecords } from '../run-records.ts';
import type { Seal } from '../seal.ts';

export type ReadEventsOptions = {
  seal: Seal;
  records: RunRecords;
  /** Longest wait for a worker, in milliseconds. */
  queueTimeoutMs: number;
  onProblem: (error: unknown) => void;
};

/** Bytes of events after whose reading their worker is told. */
const READ_STEP = 262_144;

/** What a worker says at once. */
const Batch = z.object({ texts: z.array(z.string()), isLast: z.boolean() });

/** Reads what the worker of a run says. Throws what the run throws there, and what its loss means. */
export async function* readRunEvents(
  id: string,
  one: GoingRun,
  { seal, records, queueTimeoutMs, onProblem }: ReadEventsOptions,
): ReturnType<Run> {
  let unread = 0;
  for await (const arrival of readArrivals(one, queueTimeoutMs)) {
    if (arrival.kind === 'lost') throw toLoss(arrival.reason);
    if (arrival.kind === 'claimed') {
      one.worker = arrival.worker;
      yield { type: 'run-progress', step: 'placed' };
      continue;
    }
    const { attempt, seq, data } = arrival;
    const text = seal.open(data, toEventsPlace(id, attempt, seq));
    const batch = Batch.parse(JSON.parse(text));
    one.hasEnded = batch.isLast;
    yield* eventsFromWire(toAsync(batch.texts));
    if (batch.isLast) return;
    unread += data.length;
    if (unread < READ_STEP) continue;
    void records.noteRead(id, unread).catch(onProblem);
    unread = 0;
  }
}

/** Where a batch of events belongs. */
export function toEventsPlace(run: string, attempt: number, seq: number): string {
  return `events ${run} ${attempt} ${seq}`;
}

async function* toAsync<Item>(items: readonly Item[]) {
  yield* items;
}
