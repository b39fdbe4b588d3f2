import { expect, test, vi } from 'vitest';

import type { NumberedEvent } from '../../../src/dialects/openai-responses/to-messages.ts';
import type { Response } from '../../../src/dialects/openai-responses/to-response.ts';
import { recordEvents } from '../../../src/routes/responses/record-events.ts';
import { RunError } from '../../../src/run-error.ts';

const toEvent = (type: string, status: string) =>
  // The part of a response that is read.
  ({ type, sequence_number: 0, response: { id: 'resp_1', status } }) as unknown as NumberedEvent;
const CREATED = toEvent('response.created', 'in_progress');
const COMPLETED = toEvent('response.completed', 'completed');

async function* saying(messages: readonly NumberedEvent[], error?: unknown) {
  yield* messages;
  if (error !== undefined) throw error;
}

const createOnEnd = () => vi.fn<(response: Response) => Promise<void>>(async () => {});

test('the last event waits until the response is kept', async () => {
  const kept = Promise.withResolvers<void>();
  const heard: unknown[] = [];
  const messages = recordEvents(saying([CREATED, COMPLETED]), async () => {
    heard.push('keeping');
    await kept.promise;
    heard.push('kept');
  });
  const iterator = messages[Symbol.asyncIterator]();
  await iterator.next();
  const last = iterator.next().then(({ value }) => heard.push(value?.type));
  kept.resolve();
  await last;
  expect(heard).toEqual(['keeping', 'kept', 'response.completed']);
});

test('a response is handed over once, and not before its end', async () => {
  const onEnd = createOnEnd();
  await Array.fromAsync(recordEvents(saying([CREATED, COMPLETED]), onEnd));
  expect(onEnd.mock.calls).toMatchObject([[{ id: 'resp_1', status: 'completed' }]]);
});

test('a response that fails is handed over as failed, and the failure goes on', async () => {
  const onEnd = createOnEnd();
  const failure = new RunError('upstream-failed', 'It broke.');
  const messages = recordEvents(saying([CREATED], failure), onEnd);
  await expect(Array.fromAsync(messages)).rejects.toBe(failure);
  expect(onEnd.mock.calls).toMatchObject([[{ status: 'failed', error: { message: 'It broke.' } }]]);
});

test.for([
  ['whose caller left', [CREATED], new RunError('cancelled', 'The caller left.')],
  ['that never began', [], new RunError('overloaded', 'Too much.')],
] as const)('a response %s is not handed over', async ([, said, failure]) => {
  const onEnd = createOnEnd();
  await expect(Array.fromAsync(recordEvents(saying(said, failure), onEnd))).rejects.toBe(failure);
  expect(onEnd).not.toHaveBeenCalled();
});
