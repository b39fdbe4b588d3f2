import type { Message, RunRequest, Tool } from '../../src/run.ts';
import type { AgentProcess } from '../../src/claude/process/cli-process.ts';
import type { ChatProcess } from '../../src/claude/chat/chat-process.ts';
import { createClientTools } from '../../src/claude/chat/client-tools.ts';
import { createLineReader } from '../../src/claude/process/line-reader.ts';
import type { CliLine, ControlRequest } from '../../src/claude/process/protocol.ts';
import { result } from './cli-lines.ts';

/** A plain request for one answer, with what a test wants to be different. */
export function toChatRequest(changes: Partial<RunRequest> = {}): RunRequest {
  return {
    model: 'sonnet',
    instructions: [],
    messages: [say('user', 'Hello.')],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: {
      temperature: undefined,
      topP: undefined,
      topK: undefined,
      stop: undefined,
      maxOutputTokens: undefined,
    },
    thinking: { type: 'default' },
    effort: undefined,
    agent: undefined,
    caller: { keyId: 'key-a', user: undefined, requestId: 'req_1' },
    ...changes,
  };
}

export function say(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] };
}

/** A process that writes down what it is told, and confirms it. */
export function createFakeProcess(reply: unknown = {}) {
  const said: object[] = [];
  const asked: ControlRequest[] = [];
  const exit = Promise.withResolvers<string>();
  let ends = 0;
  const process: AgentProcess = {
    pid: 1,
    send: (line) => void said.push(line),
    serve: () => undefined,
    async request(request) {
      asked.push(request);
      return reply;
    },
    async *lines(): AsyncIterable<CliLine> {
      yield result();
    },
    async end() {
      ends += 1;
      exit.resolve('it was told to');
    },
    exited: exit.promise,
  };
  return { process, said, asked, exit: exit.resolve, countEnds: () => ends };
}

type FakeChatOptions = {
  tools?: readonly Tool[];
  /** What the CLI says before it falls silent; without it, each turn ends at once. */
  said?: readonly CliLine[] | undefined;
  reply?: unknown;
  binding?: string;
};

/** A chat process with no CLI behind it. */
export function createFakeChat({ tools = [], said, reply, binding = '' }: FakeChatOptions = {}) {
  const fake = createFakeProcess(reply);
  async function* lines() {
    yield* said ?? Array.from({ length: 100 }, result);
    await new Promise(() => {});
  }
  const chat: ChatProcess = {
    process: fake.process,
    tools: createClientTools(tools),
    lines: createLineReader(lines()),
    models: new Map([['sonnet', 'claude-full-id']]),
    binding,
    held: [],
    course: '',
    settings: undefined,
    begun: 0,
  };
  return { ...fake, chat };
}
