import type { Message, RunRequest } from '../../src/run.ts';
import type { CliProcess } from '../../src/claude/process/cli-process.ts';
import type { Abilities } from '../../src/claude/chat/abilities.ts';
import type { ChatProcess } from '../../src/claude/chat/chat-process.ts';
import type { ChatRequest } from '../../src/claude/chat/chat-request.ts';
import { type ChatTurn, toChatTurn } from '../../src/claude/chat/chat-turn.ts';
import { createLineReader } from '../../src/claude/process/lines.ts';
import type { ControlRequest } from '../../src/claude/process/input-lines.ts';
import type { CliLine } from '../../src/claude/process/protocol.ts';
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

/** A conversation whose sides take turns, the caller first. */
export function toExchange(...texts: string[]): Message[] {
  return texts.map((text, index) => say(index % 2 === 0 ? 'user' : 'assistant', text));
}

/** A CLI that can do everything, and knows `sonnet`; with what a test wants to be different. */
export function createAbilities(changes: Partial<Abilities> = {}): Abilities {
  return {
    canRewind: true,
    rebinding: 'always',
    refusingModels: new Set(),
    toModelId: (name) => (name === 'sonnet' ? 'claude-full-id' : undefined),
    ...changes,
  };
}

/** The turn of a request, for a CLI that can do everything if nothing else is said. */
export function toTurn(request: ChatRequest, abilities: Partial<Abilities> = {}): ChatTurn {
  return toChatTurn(request, createAbilities(abilities));
}

/** A process that writes down what it is told, and confirms it. */
export function createFakeProcess(reply: unknown = {}) {
  const said: object[] = [];
  const asked: ControlRequest[] = [];
  const exit = Promise.withResolvers<string>();
  let ends = 0;
  const process: CliProcess = {
    pid: 1,
    send: (line) => void said.push(line),
    serve: () => undefined,
    reply: () => undefined,
    onResult: () => undefined,
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
  /** Whom and what it was told at first. Default: the plain request. */
  turn?: ChatTurn;
  /** What the CLI says before it falls silent; without it, each turn ends at once. */
  said?: readonly CliLine[] | undefined;
  reply?: unknown;
};

/** A chat process with no CLI behind it. */
export function createFakeChat({
  turn = toTurn(toChatRequest()),
  said,
  reply,
}: FakeChatOptions = {}) {
  const fake = createFakeProcess(reply);
  async function* lines() {
    yield* said ?? Array.from({ length: 100 }, result);
    await new Promise(() => {});
  }
  const chat: ChatProcess = {
    process: fake.process,
    lines: createLineReader(lines()),
    identity: turn.identity.process,
    keyId: turn.request.caller.keyId,
    conversation: '',
    instructions: turn.instructions,
    tools: turn.tools.client,
    toolsKey: turn.tools.key,
    hadTools: turn.tools.key !== undefined,
    held: [],
    settings: undefined,
    begun: 0,
  };
  return { ...fake, chat };
}
