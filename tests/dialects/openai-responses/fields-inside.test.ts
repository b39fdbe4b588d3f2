import { expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { answerWhole, cannedRun, redacted, translate } from '../canned-run.ts';

const toTranslated = (more: object) => translate(openaiResponses, { model: 'sonnet', ...more });

test('what is not honoured inside the body is named by its path', () => {
  const { ignored } = toTranslated({
    input: 'Hi',
    prompt_cache_key: 'k',
    tools: [{ type: 'function', name: 'a', parameters: {}, strict: true }],
    text: { verbosity: 'low' },
  });

  expect(ignored).toEqual(['prompt_cache_key', 'tools.0.strict', 'text.verbosity']);
});

test('what a namespace says of its tools reaches the model', () => {
  const tool = { type: 'function', name: 'add', parameters: { type: 'object' } };
  const description = 'The lab counts for you.';
  const { request } = toTranslated({
    input: 'Hi',
    instructions: 'Be brief.',
    tools: [{ type: 'namespace', name: 'mcp__lab', description, tools: [tool] }],
  });

  expect(request.instructions).toEqual([
    'Be brief.',
    'The tools whose names begin with mcp__lab__: The lab counts for you.',
  ]);
});

test('the skills of a shell are told to the model', () => {
  const skill = { name: 'charts', description: 'Draws charts.', path: '/skills/charts' };
  const { request } = toTranslated({
    input: 'Hi',
    tools: [{ type: 'shell', environment: { type: 'local', skills: [skill] } }],
  });

  expect(request.tools[0]?.description).toContain(
    'For the skill charts read SKILL.md in /skills/charts first: Draws charts.',
  );
});

test('an input may end with the reply, or with instructions behind it', () => {
  const user = { role: 'user', content: 'Write.' };
  const assistant = { role: 'assistant', content: 'Once upon' };
  const { request, ignored } = toTranslated({
    input: [user, assistant, { role: 'developer', content: 'As JSON.' }],
  });

  expect(request.instructions).toEqual([]);
  expect(request.messages.at(-1)).toEqual({
    role: 'user',
    parts: [{ type: 'text', text: 'As JSON.' }],
  });
  expect(ignored).toEqual(['input']);
  expect(toTranslated({ input: [user, assistant] }).request.messages).toHaveLength(3);
});

test('thinking that only the API can read comes back as it was', async () => {
  const body = { model: 'sonnet', input: 'Hi', include: ['reasoning.encrypted_content'] };
  const { output } = (await answerWhole(openaiResponses, body, cannedRun([redacted('AbC=')]))) as {
    output: object[];
  };
  const { request } = toTranslated({
    input: [{ role: 'user', content: 'Hi' }, ...output, { role: 'user', content: 'And?' }],
  });

  expect(request.messages[1]?.parts).toEqual([{ type: 'redacted-reasoning', data: 'AbC=' }]);
});
