import { startModelServer, type UpstreamRequest } from '../src/demo/model-server.ts';
import { heldReply, textReply, toolReply } from '../src/demo/replies.ts';
import { ANSWER } from './answer.ts';

/**
 * The model server as a process of its own; its latency is about 0. `deltas=N` in a prompt makes an
 * answer of N pieces, `hold=NAME` one that stays open until the client leaves, which is then printed.
 */
const server = await startModelServer({
  answer: ({ messages, tools }, request) => {
    const text = JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content);
    const deltas = Number(/deltas=(\d+)/.exec(text)?.[1]);
    if (deltas > 0) return textReply(ANSWER, { pieces: Array<string>(deltas).fill('word ') });
    const name = /hold=(\w+)/.exec(text)?.[1];
    if (name) return hold(name, request);
    const [tool] = tools ?? [];
    if (tool && !text.includes('tool_result')) return toolReply([{ name: tool.name, input: {} }]);
    return textReply(ANSWER);
  },
});
console.log(server.url);
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));

function hold(name: string, { closed }: UpstreamRequest) {
  void closed.then(() => console.log(`closed ${name} ${Date.now()}`));
  return heldReply(ANSWER, closed);
}
