import type { Message, RunRequest, ToolResultPart } from '../../run.ts';
import { within } from '../../within.ts';
import type { ChatProcess } from './chat-process.ts';
import { canAnswerLive } from './client-tools.ts';
import { toConversationKey } from './conversation-key.ts';
import type { CliLine } from '../process/protocol.ts';

export type SuspendedCallsOptions = {
  /** Processes that may wait at the same time; the oldest goes first. */
  maxSuspended: number;
  /** Longest wait for results, in milliseconds. */
  ttlMs: number;
  /** Whether somebody waits for a process to go, so that there is room for another one. */
  isRoomWanted: () => boolean;
};

export type SuspendedCalls = {
  /** Keeps the process of a conversation that ended, for now, with the assistant's tool calls. */
  keep(chat: ChatProcess, request: RunRequest, reply: Message): void;
  /**
   * The process that waits for exactly the results that the request ends with, and those results;
   * `undefined` when the conversation has to be rebuilt from the request's own messages.
   */
  take(
    request: RunRequest,
  ): Promise<{ chat: ChatProcess; results: readonly ToolResultPart[] } | undefined>;
  count(): number;
  /** Ends the one that waits longest; returns whether there was one. */
  evictOldest(): boolean;
};

type Entry = {
  key: string;
  owner: string;
  chat: ChatProcess;
  callIds: readonly string[];
  /** Whether the CLI has asked for every call; some it answers by itself. */
  isAsking: Promise<boolean>;
  timer: NodeJS.Timeout;
};

/** Time for the CLI to ask for the calls whose results are here already, in milliseconds. */
const ASKING_MS = 5000;

/** Makes the place where processes wait for their callers' tools. They hold no place in the gate. */
export function createSuspendedCalls({
  maxSuspended,
  ttlMs,
  isRoomWanted,
}: SuspendedCallsOptions): SuspendedCalls {
  /** By conversation, the one that waits longest first. */
  const entries = new Map<string, Entry>();

  return {
    keep(chat, request, reply) {
      const callIds = reply.parts.flatMap((part) => (part.type === 'tool-call' ? part.id : []));
      const entry: Entry = {
        key: toConversationKey(request, [...request.messages, reply]),
        owner: toOwner(request),
        chat,
        callIds,
        isAsking: waitUntilAsked(chat, callIds),
        timer: setTimeout(() => drop(entry), ttlMs).unref(),
      };
      drop(entries.get(entry.key));
      entries.set(entry.key, entry);
      void chat.process.exited.then(() => drop(entry));
      void entry.isAsking.then((isTrue) => isTrue || drop(entry));
      if (entries.size > maxSuspended || isRoomWanted()) evictOldest();
    },
    async take(request) {
      const last = request.messages.at(-1);
      const results = last?.parts.filter((part) => part.type === 'tool-result') ?? [];
      if (results.length === 0) return undefined;
      const entry = entries.get(toConversationKey(request, request.messages.slice(0, -1)));
      dropAnswered(toOwner(request), results, entry);
      if (!entry) return undefined;
      remove(entry);
      // Text beside the results would be lost on a waiting process.
      const isPlain = last?.parts.length === results.length && results.every(canAnswerLive);
      if (isPlain && (await isAskingSoon(entry))) return { chat: entry.chat, results };
      void entry.chat.process.end();
      return undefined;
    },
    count: () => entries.size,
    evictOldest,
  };

  function evictOldest() {
    const [oldest] = entries.values();
    drop(oldest);
    return oldest !== undefined;
  }

  /** Whose results went another way (edited history, other tools) will not be asked for again. */
  function dropAnswered(owner: string, results: readonly ToolResultPart[], except?: Entry) {
    const answered = new Set(results.map(({ callId }) => callId));
    for (const entry of entries.values()) {
      if (entry === except || entry.owner !== owner) continue;
      if (entry.callIds.every((id) => answered.has(id))) drop(entry);
    }
  }

  function drop(entry: Entry | undefined) {
    if (entry && remove(entry)) void entry.chat.process.end();
  }

  function remove(entry: Entry) {
    clearTimeout(entry.timer);
    return entries.get(entry.key) === entry && entries.delete(entry.key);
  }
}

function toOwner({ caller }: RunRequest) {
  return JSON.stringify([caller.keyId, caller.user]);
}

async function isAskingSoon({ isAsking }: Entry) {
  return (await within(isAsking, ASKING_MS)) ?? false;
}

/** Resolves with whether the CLI asks for all the calls; what it says first tells when it does not. */
async function waitUntilAsked({ lines, tools }: ChatProcess, callIds: readonly string[]) {
  const asked = tools.waitForCalls(callIds).then(() => 'asked' as const);
  for (;;) {
    const first = await Promise.race([asked, lines.peek()]);
    if (first === 'asked') return true;
    if (!first || isOwnAnswer(first)) return false;
    lines.skip();
  }
}

/** The CLI answers malformed calls, and those of unknown tools, by itself, and goes on with that. */
function isOwnAnswer(line: CliLine) {
  if (line.type === 'stream_event') return line.event.type === 'message_start';
  return line.type === 'user' || line.type === 'result';
}
