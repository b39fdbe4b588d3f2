import { expect, test } from 'vitest';

import type { ChatRequest } from '../../../../src/claude/chat/chat-request.ts';
import { createLearntRefusals } from '../../../../src/claude/chat/droppable-params.ts';
import { withEnforcedOutput } from '../../../../src/claude/chat/enforced/with-enforced-output.ts';
import { RunError } from '../../../../src/run-error.ts';
import { sayHello } from '../../../support/create-test-app.ts';
import { toChatRequest } from '../../chat-request.ts';

const CITY = { type: 'object', properties: { city: { type: 'string' } } };

const REQUEST: ChatRequest = {
  ...toChatRequest(),
  output: { type: 'json', schema: CITY, path: 'format' },
};

/** Asks once over an API that refuses whatever the CLI does not enforce; resolves with what was tried. */
async function askRefused(sentence: string) {
  const tried: ChatRequest[] = [];
  const run = withEnforcedOutput((request, signal) => {
    tried.push(request);
    if (!request.enforced) throw new RunError('invalid-request', sentence);
    return sayHello(request, signal);
  }, createLearntRefusals().schemas);
  const asked = Array.fromAsync(run(REQUEST, new AbortController().signal));
  const failure = await asked.then(
    () => undefined,
    (error: unknown) => String(error),
  );
  return { failure, enforced: tried.map(({ enforced }) => enforced?.schema) };
}

test.for([
  'The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.',
  'Schema is too complex for compilation.',
  'output_config.format: Extra inputs are not permitted',
])('an API that says "%s" refuses the schema, and the CLI enforces it', async (sentence) => {
  const { failure, enforced } = await askRefused(sentence);
  expect(failure).toBeUndefined();
  expect(enforced).toEqual([undefined, expect.objectContaining({ type: 'object' })]);
});

test('a refusal of something else is no reason to try another way', async () => {
  const { failure, enforced } = await askRefused(
    'tools.0.custom.input_schema: JSON schema is invalid.',
  );
  expect(failure).toContain('tools.0.custom.input_schema');
  expect(enforced).toEqual([undefined]);
});

test('a refused schema is left to the CLI for an hour, is told meanwhile, and then tried again', async () => {
  let nowMs = 0;
  let refusing = true;
  const learnt = createLearntRefusals(() => nowMs);
  const tried: boolean[] = [];
  const run = withEnforcedOutput((request, signal) => {
    tried.push(Boolean(request.enforced));
    if (!request.enforced && refusing)
      throw new RunError('invalid-request', 'Schema is too complex for compilation.');
    return sayHello(request, signal);
  }, learnt.schemas);
  const ask = () => Array.fromAsync(run(REQUEST, new AbortController().signal));

  await ask();
  await ask();
  expect(tried.splice(0)).toEqual([false, true, true]);
  expect(learnt.list()).toEqual([
    { model: REQUEST.model, param: 'outputSchema', expiresInMs: 3_600_000 },
  ]);

  nowMs = 3_600_000;
  refusing = false;
  await ask();
  expect(tried).toEqual([false]);
  expect(learnt.list()).toEqual([]);
});
