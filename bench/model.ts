import { startModelServer } from '../src/demo/model-server.ts';
import { textReply, toolReply } from '../src/demo/replies.ts';
import { ANSWER } from './answer.ts';

/** The model server as a process of its own; its latency is about 0. */
const server = await startModelServer({
  answer: ({ messages, tools }) => {
    const text = JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content);
    const deltas = Number(/deltas=(\d+)/.exec(text)?.[1]);
    if (deltas > 0) return textReply(ANSWER, { pieces: Array<string>(deltas).fill('word ') });
    const [tool] = tools ?? [];
    if (tool && !text.includes('tool_result')) return toolReply([{ name: tool.name, input: {} }]);
    return textReply(ANSWER);
  },
});
console.log(server.url);
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)));
