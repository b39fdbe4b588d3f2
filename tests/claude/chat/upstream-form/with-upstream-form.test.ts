import { expect, test } from 'vitest';

import { withUpstreamForm } from '../../../../src/claude/chat/upstream-form/with-upstream-form.ts';
import { type RunAnswer, collectRun } from '../../../../src/run-answer.ts';
import type { RunEvent, RunRequest, Tool } from '../../../../src/run.ts';
import { call, cannedRun } from '../../../dialects/canned-run.ts';
import { say, toChatRequest } from '../../chat-request.ts';

const toTool = (name: string, properties: object = {}): Tool => ({
  name,
  description: undefined,
  inputSchema: { type: 'object', properties },
});

/** What goes up for a request, and what comes back when the model says this. */
async function run(request: RunRequest, events: AsyncIterable<RunEvent> = cannedRun([])) {
  let upstream: RunRequest | undefined;
  const mapped = withUpstreamForm((given) => {
    upstream = given;
    return events;
  });
  const answer = await collectRun(mapped(request, AbortSignal.timeout(5000)));
  return { upstream, answer };
}

const toCalls = ({ parts }: RunAnswer) => parts.filter(({ type }) => type === 'tool-call');

test('a tool whose name the CLI keeps for itself goes by another one, there and back', async () => {
  const request = toChatRequest({
    tools: [toTool('ToolSearch'), toTool('ToolSearch_')],
    toolChoice: { type: 'tool', name: 'ToolSearch' },
    messages: [
      say('user', 'Look.'),
      { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'ToolSearch', input: {} }] },
      { role: 'user', parts: [{ type: 'tool-result', callId: 'a', content: [], isError: false }] },
    ],
  });
  const { upstream, answer } = await run(request, cannedRun([call('b', 'ToolSearch__', '{}')]));

  expect(upstream?.tools.map(({ name }) => name)).toEqual(['ToolSearch__', 'ToolSearch_']);
  expect(upstream?.toolChoice).toEqual({ type: 'tool', name: 'ToolSearch__' });
  expect(upstream?.messages[1]?.parts).toMatchObject([{ name: 'ToolSearch__' }]);
  expect(toCalls(answer)).toMatchObject([{ id: 'b', name: 'ToolSearch' }]);
});

test('arguments come back, and go up again, under the names on their side', async () => {
  const tools = [toTool('list', { $top: {}, size: {} })];
  const { answer } = await run(
    toChatRequest({ tools }),
    cannedRun([
      call('a', 'list', '{"_t', 'op":1,"size"', ':{"_top":2}}'),
      call('b', 'list', '{"_top'),
    ]),
  );
  expect(toCalls(answer)).toMatchObject([
    { input: '{"$top":1,"size":{"_top":2}}' },
    { input: '{"_top' },
  ]);

  const input = { $top: 1, size: { _top: 2 } };
  const messages = [
    say('user', 'List.'),
    { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'list', input }] },
    { role: 'user', parts: [{ type: 'tool-result', callId: 'a', content: [], isError: false }] },
  ] as const;
  const { upstream } = await run(toChatRequest({ tools, messages }));
  expect(upstream?.messages[1]?.parts).toMatchObject([{ input: { _top: 1, size: { _top: 2 } } }]);
});

test('a call of a tool with a name of another API is a call of some tool', async () => {
  const messages = [
    say('user', 'Go.'),
    { role: 'assistant', parts: [{ type: 'tool-call', id: 'a', name: 'do it!', input: {} }] },
    { role: 'user', parts: [{ type: 'tool-result', callId: 'a', content: [], isError: false }] },
  ] as const;
  const { upstream } = await run(toChatRequest({ messages }));

  expect(upstream?.messages[1]?.parts).toMatchObject([{ name: 'do_it_' }]);
});

test('a reply that says that it is empty is a reply', async () => {
  const messages = [say('user', 'One.'), say('assistant', '(no content)'), say('user', 'Two.')];
  const { upstream } = await run(toChatRequest({ messages }));

  expect(upstream?.messages[1]?.parts).toEqual([
    { type: 'text', text: '(no ' },
    { type: 'text', text: 'content)' },
  ]);
});
