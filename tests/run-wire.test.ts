import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Run, RunEvent, RunProgress, RunRequest } from '../src/run.ts';
import { RunError, type RunErrorCode } from '../src/run-error.ts';
import { eventsFromWire, eventsToWire, requestFromWire, requestToWire } from '../src/run-wire.ts';
import { toChatRequest } from './claude/chat-request.ts';

const text = fc.string({ unit: 'binary' });
/** No reader of JSON with sense takes that name for a key. */
const isNoPrototype = (key: string) => key !== '__proto__';
/** JSON has no negative nought. */
const jsonValue = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const maybe = <Value>(some: fc.Arbitrary<Value>) => fc.option(some, { nil: undefined });
const source = fc.oneof(
  fc.record({ kind: fc.constant('base64' as const), mediaType: text, data: fc.base64String() }),
  fc.record({ kind: fc.constant('text' as const), text }),
  fc.record({ kind: fc.constant('url' as const), url: fc.webUrl() }),
);
const image = fc.record({ type: fc.constant('image' as const), source, path: maybe(text) });
const document = fc.record({
  type: fc.constant('document' as const),
  source,
  title: maybe(text),
  path: maybe(text),
});
const words = fc.record({ type: fc.constant('text' as const), text });
const part = fc.oneof(
  words,
  image,
  document,
  fc.record({ type: fc.constant('reasoning' as const), text, signature: maybe(text) }),
  fc.record({
    type: fc.constant('tool-call' as const),
    id: text,
    name: text,
    input: jsonValue,
  }),
  fc.record({
    type: fc.constant('tool-result' as const),
    callId: text,
    content: fc.array(fc.oneof(words, image, document)),
    isError: fc.boolean(),
  }),
);
const request: fc.Arbitrary<RunRequest> = fc
  .record({
    model: text,
    instructions: fc.array(text),
    messages: fc.array(
      fc.record({
        role: fc.constantFrom('user' as const, 'assistant' as const),
        parts: fc.array(part),
      }),
    ),
    effort: maybe(fc.constantFrom('low' as const, 'max' as const)),
    parallelToolCalls: fc.boolean(),
  })
  .map(toChatRequest);

const index = fc.nat();
const event: fc.Arbitrary<RunEvent | RunProgress> = fc.oneof(
  fc.record({ type: fc.constant('run-progress' as const), step: fc.constant('asked' as const) }),
  fc.record({ type: fc.constant('part-delta' as const), index, delta: text }),
  fc.record({ type: fc.constant('part-signature' as const), index, signature: text }),
  fc.record({
    type: fc.constant('part-start' as const),
    index,
    part: fc.record({ type: fc.constant('tool-call' as const), id: text, name: text }),
  }),
);

const CODE: RunErrorCode = 'rate-limited';
const failure = fc.option(
  fc.record({
    message: text,
    param: maybe(text),
    retryAfterSeconds: maybe(fc.nat()),
    details: maybe(fc.dictionary(fc.string().filter(isNoPrototype), jsonValue)),
  }),
  { nil: undefined },
);

test('a request arrives as it was sent, pictures and documents included', () => {
  fc.assert(
    fc.property(request, (sent) => {
      expect(requestFromWire(requestToWire(sent))).toEqual(JSON.parse(JSON.stringify(sent)));
      expect(requestFromWire(requestToWire(sent))).toEqual(sent);
    }),
  );
});

test('events arrive one by one, and a failure behind them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(event), failure, async (sent, failed) => {
      const error =
        failed && new RunError(CODE, failed.message, { ...failed, cause: 'for the log' });
      const arrived = await read(eventsFromWire(eventsToWire(say(sent, error))));

      expect(arrived.events).toEqual(sent);
      // The cause is for the log of the process where it happened.
      expect(arrived.error).toEqual(failed && new RunError(CODE, failed.message, failed));
    }),
  );
});

test('what is no failure of a run is told as nothing but that', async () => {
  const { error } = await read(eventsFromWire(eventsToWire(say([], new TypeError('a secret')))));
  expect(error).toMatchObject({ code: 'internal', message: expect.not.stringContaining('secret') });
});

test.each([
  '',
  '{}',
  '{"version":2,"type":"request","request":{}}',
  '{"version":1,"type":"event"}',
])('%s is no request of this version', (wrong) => {
  expect(() => requestFromWire(wrong)).toThrow('run the same version of both');
});

async function* say(events: readonly (RunEvent | RunProgress)[], error: unknown): ReturnType<Run> {
  yield* events;
  if (error !== undefined) throw error;
}

async function read(events: ReturnType<Run>) {
  const arrived: (RunEvent | RunProgress)[] = [];
  let failed: unknown;
  try {
    for await (const one of events) arrived.push(one);
  } catch (error) {
    failed = error;
  }
  return { events: arrived, error: failed };
}
