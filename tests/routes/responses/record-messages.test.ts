import { expect, test, vi } from 'vitest';

import type { SseMessage } from '../../../src/dialects/dialect.ts';
import type { Response } from '../../../src/dialects/openai-responses/to-response.ts';
import { recordMessages } from '../../../src/routes/responses/record-messages.ts';
import { RunError } from '../../../src/run-error.ts';

const toMessage = (event: string, response: object): SseMessage => ({
  event,
  data: JSON.stringify({ type: event, response }),
});
const CREATED = toMessage('response.created', { id: 'resp_1', status: 'in_progress' });
const COMPLETED = toMessage('response.completed', { id: 'resp_1', status: 'completed' });

async function* saying(messages: readonly SseMessage[], error?: unknown) {
  yield* messages;
  if (error !== undefined) throw error;
}

const createOnEnd = () => vi.fn<(response: Response) => Promise<void>>(async () => {});

test('the last event waits until the response is kept', async () => {
  const kept = Promise.withResolvers<void>();
  const heard: unknown[] = [];
  const messages = recordMessages(saying([CREATED, COMPLETED]), async () => {
    heard.push('keeping');
    await kept.promise;
    heard.push('kept');
  });
  const iterator = messages[Symbol.asyncIterator]();
  await iterator.next();
  const last = iterator.next().then(({ value }) => heard.push(value?.event));
  kept.resolve();
  await last;
  expect(heard).toEqual(['keeping', 'kept', 'response.completed']);
});

test('a response is handed over once, and not before its end', async () => {
  const onEnd = createOnEnd();
  await Array.fromAsync(recordMessages(saying([CREATED, COMPLETED]), onEnd));
  expect(onEnd.mock.calls).toMatchObject([[{ id: 'resp_1', status: 'completed' }]]);
});

test('a response that fails is handed over as failed, and the failure goes on', async () => {
  const onEnd = createOnEnd();
  const failure = new RunError('upstream-failed', 'It broke.');
  const messages = recordMessages(saying([CREATED], failure), onEnd);
  await expect(Array.fromAsync(messages)).rejects.toBe(failure);
  expect(onEnd.mock.calls).toMatchObject([[{ status: 'failed', error: { message: 'It broke.' } }]]);
});

test.for([
  ['whose caller left', [CREATED], new RunError('cancelled', 'The caller left.')],
  ['that never began', [], new RunError('overloaded', 'Too much.')],
] as const)('a response %s is not handed over', async ([, said, failure]) => {
  const onEnd = createOnEnd();
  await expect(Array.fromAsync(recordMessages(saying(said, failure), onEnd))).rejects.toBe(failure);
  expect(onEnd).not.toHaveBeenCalled();
});
