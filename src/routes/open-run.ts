import type { Run, RunEvent, RunStart } from '../run.ts';
import { toAnswerEvents } from '../run-answer.ts';
import { within } from '../common/within.ts';

export type OpenedRun = {
  /** `undefined` when nothing was heard in time. */
  start: RunStart | undefined;
  /** All events, the first included. The run ends when its reader does. */
  events: AsyncIterable<RunEvent>;
};

/** Until here a failure is still a status code; later the headers go out and wait with the caller. */
const PATIENCE_MS = 20_000;

/** Waits for a run's first event, but not for ever. Throws what the run throws by then. */
export async function openRun(events: ReturnType<Run>, elapsedMs: number): Promise<OpenedRun> {
  const iterator = toAnswerEvents(events);
  const first = iterator.next();
  const step = await within(first, PATIENCE_MS - elapsedMs);
  return {
    start: step?.value?.type === 'run-start' ? step.value : undefined,
    events: resume(first, iterator),
  };
}

async function* resume<Item>(first: Promise<IteratorResult<Item>>, iterator: AsyncIterator<Item>) {
  try {
    for (let step = await first; !step.done; step = await iterator.next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}
