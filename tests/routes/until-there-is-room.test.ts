import { expect, test } from 'vitest';

import { untilThereIsRoom } from '../../src/routes/until-there-is-room.ts';
import type { Run } from '../../src/run.ts';
import { RunError, type RunErrorCode } from '../../src/run-error.ts';
import { RUN_END, RUN_START, toAgentRequest } from '../sessions/agent-request.ts';

const stays = new AbortController().signal;

/** Fails so often with this, before or after it has begun. */
function createFailing(code: RunErrorCode, times: number, isBegun = false) {
  const tries = { count: 0 };
  const run: Run = async function* failing() {
    tries.count += 1;
    if (isBegun) yield RUN_START;
    if (tries.count <= times) throw new RunError(code, 'Not now.', { retryAfterSeconds: 0 });
    if (!isBegun) yield RUN_START;
    yield RUN_END;
  };
  return { run, tries };
}

const listTypes = async (run: Run, signal = stays) =>
  (await Array.fromAsync(untilThereIsRoom(run)(toAgentRequest(), signal))).map(({ type }) => type);

test.each(['rate-limited', 'queue-full', 'queue-timeout'] as const)(
  '%s is waited for, and it is told that the run waits',
  async (code) => {
    const { run, tries } = createFailing(code, 2);
    expect(await listTypes(run)).toEqual(['run-progress', 'run-progress', 'run-start', 'run-end']);
    expect(tries.count).toBe(3);
  },
);

test('what does not pass, and what has begun, is not tried again', async () => {
  const forbidden = createFailing('forbidden', 1);
  await expect(listTypes(forbidden.run)).rejects.toMatchObject({ code: 'forbidden' });
  const begun = createFailing('rate-limited', 1, true);
  await expect(listTypes(begun.run)).rejects.toMatchObject({ code: 'rate-limited' });
  expect([forbidden.tries.count, begun.tries.count]).toEqual([1, 1]);
});

test('who is stopped meanwhile hears why', async () => {
  const { run } = createFailing('rate-limited', Infinity);
  const stop = new AbortController();
  const events = untilThereIsRoom(run)(toAgentRequest(), stop.signal)[Symbol.asyncIterator]();
  expect(await events.next()).toMatchObject({ value: { step: 'queued' } });
  stop.abort(new RunError('cancelled', 'Enough.'));
  await expect(events.next()).rejects.toMatchObject({ code: 'cancelled' });
});
