import { beforeAll, describe, expect, test } from 'vitest';

import { openSocket } from '../routes/responses/open-socket.ts';
import { shareProxy } from '../support/share-proxy.ts';
import { KEY, type Proxy } from '../support/start-proxy.ts';
import { callThenSay, lastRequest, toSpoken, wentOn } from './upstream.ts';

const LAB = {
  type: 'namespace',
  name: 'mcp__lab',
  description: 'A laboratory.',
  tools: [{ type: 'function', name: 'add', parameters: { type: 'object', properties: {} } }],
};
const tools = [
  { type: 'custom', name: 'apply', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
  LAB,
  { type: 'shell', environment: { type: 'local' } },
  { type: 'web_search' },
];

const CALLS = [
  { id: 'toolu_a', name: 'apply', input: { input: '*** Begin Patch\n+"a"' } },
  { id: 'toolu_b', name: 'mcp__lab__add', input: { a: 1 } },
  { id: 'toolu_c', name: 'shell', input: { commands: ['ls'] } },
];

const RESULTS = [
  { type: 'custom_tool_call_output', call_id: 'toolu_a', output: 'Done' },
  { type: 'function_call_output', call_id: 'toolu_b', output: '1' },
  {
    type: 'shell_call_output',
    call_id: 'toolu_c',
    output: [{ stdout: 'a.txt', stderr: '', outcome: { type: 'exit', exit_code: 0 } }],
  },
];

type Answer = { output: Record<string, unknown>[] };

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

const overHttp = async (body: object) =>
  (await (await proxy.send('/v1/responses', body)).json()) as Answer; // of a 200

async function overSocket(body: object): Promise<Answer> {
  const { ask, socket, closed } = await openSocket(proxy.url, KEY);
  const { response } = await ask(body);
  socket.close();
  await closed;
  return response as unknown as Answer; // of a turn that was completed
}

describe.each([
  { way: 'HTTP', ask: overHttp },
  { way: 'a WebSocket', ask: overSocket },
])('over $way', ({ ask }) => {
  const question = { role: 'user', content: 'Do it all.' };
  const body = { model: 'sonnet', tools, store: false };

  test.each([
    { how: 'the process that waits for it', said: [], isHot: true },
    {
      how: 'one that is told anew',
      said: [{ role: 'user', content: 'And this.' }],
      isHot: false,
    },
  ])('every kind is called, and its result reaches $how', async ({ said, isHot }) => {
    proxy.model.answer = callThenSay(CALLS);
    const { output } = await ask({ ...body, input: [question] });
    const asked = lastRequest(proxy);
    expect(asked.body.tools?.map(({ name }) => name)).toEqual(['apply', 'mcp__lab__add', 'shell']);
    expect(output).toMatchObject([
      { type: 'custom_tool_call', name: 'apply', input: '*** Begin Patch\n+"a"' },
      { type: 'function_call', name: 'add', namespace: 'mcp__lab', arguments: '{"a":1}' },
      { type: 'shell_call', action: { commands: ['ls'] } },
    ]);

    const input = [question, ...output, ...RESULTS, ...said];
    const answered = await ask({ ...body, input });
    expect(answered.output).toMatchObject([{ content: [{ text: 'Done.' }] }]);
    const used = lastRequest(proxy);
    expect(wentOn(used)).toBe(isHot);
    const [, replied, results] = toSpoken(used);
    expect(replied?.content).toMatchObject(CALLS);
    expect(results?.content.slice(0, 3)).toMatchObject(
      RESULTS.map(({ call_id }) => ({ type: 'tool_result', tool_use_id: call_id })),
    );
    expect(JSON.stringify(results)).toContain('a.txt\\nExit code: 0');
  });
});

test('a conversation with such calls is made into one compaction, and goes on from there', async () => {
  proxy.model.answer = callThenSay(CALLS, 'A summary.');
  const question = { role: 'user', content: 'Do it all.' };
  const { output } = await overHttp({ model: 'sonnet', tools, input: [question] });
  const input = [question, ...output, ...RESULTS, { type: 'compaction_trigger' }];
  const compacted = await overHttp({ model: 'sonnet', input });
  expect(compacted.output).toMatchObject([{ type: 'compaction' }]);

  await overHttp({ model: 'sonnet', tools, input: [question, ...compacted.output, question] });
  expect(JSON.stringify(toSpoken(lastRequest(proxy)))).toContain('A summary.');
});
