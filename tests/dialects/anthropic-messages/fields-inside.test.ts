import { expect, test } from 'vitest';

import { anthropicMessages } from '../../../src/dialects/anthropic-messages/index.ts';
import { translate } from '../canned-run.ts';

test('what is not honoured inside the body is named by its path', () => {
  const source = { type: 'text', media_type: 'text/plain', data: 'A.' };
  const { ignored } = translate(anthropicMessages, {
    model: 'sonnet',
    max_tokens: 100,
    tools: [
      { name: 'a', input_schema: {}, strict: true, defer_loading: true, input_examples: [{}] },
      { name: 'b', input_schema: {}, strict: false, defer_loading: false, input_examples: [] },
      { name: 'c', input_schema: {}, eager_input_streaming: true },
    ],
    output_config: { task_budget: { type: 'tokens', total: 9 } },
    messages: [
      {
        role: 'user',
        content: [
          { type: 'document', source, citations: { enabled: true }, context: 'Old.' },
          { type: 'document', source, citations: { enabled: false } },
          { type: 'text', text: 'Hi', citations: [] },
        ],
      },
    ],
  });

  expect(ignored).toEqual([
    'tools.0.strict',
    'tools.0.defer_loading',
    'tools.0.input_examples',
    'tools.2.eager_input_streaming',
    'output_config.task_budget',
    'messages.0.content.0.citations',
    'messages.0.content.0.context',
  ]);
});

test('what a result or a document in pieces holds is named, too', () => {
  const image = { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } };
  const pieces = { type: 'content', content: [{ type: 'text', text: 'A.' }, image] };
  const document = { type: 'document', source: pieces, context: 'Old.' };
  const { ignored } = translate(anthropicMessages, {
    model: 'sonnet',
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'a', input: {} }] },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 't1', content: [document] },
          { ...image, transformations: { oversized_image: 'error' } },
          { ...image, transformations: {} },
        ],
      },
    ],
  });

  expect(ignored).toEqual([
    'messages.2.content.0.content.0.context',
    'messages.2.content.0.content.0.source.content.1',
    'messages.2.content.1.transformations',
  ]);
});

test('thinking that only the API can read goes up again', () => {
  const { request } = translate(anthropicMessages, {
    model: 'sonnet',
    max_tokens: 100,
    messages: [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: [{ type: 'redacted_thinking', data: 'AbC=' }] },
      { role: 'user', content: 'And?' },
    ],
  });

  expect(request.messages[1]?.parts).toEqual([{ type: 'redacted-reasoning', data: 'AbC=' }]);
});
