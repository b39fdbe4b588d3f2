import type { Message, Part, RunRequest, ToolResultPart } from '../run.ts';
import type { AgentProcess } from './agent-process.ts';
import { canAnswerLive, type ClientTools } from './client-tools.ts';
import { toConversationKey } from './conversation-key.ts';

/** A process that waits for the results of the calls its model made. */
export type BoundProcess = { process: AgentProcess; tools: ClientTools };

export type SuspendedCallsOptions = {
  /** Processes that may wait at the same time; the oldest goes first. */
  maxSuspended: number;
  /** Longest wait for results, in milliseconds. */
  ttlMs: number;
};

export type SuspendedCalls = {
  /** Keeps the process of a conversation that ended, for now, with the assistant's tool calls. */
  keep(bound: BoundProcess, request: RunRequest, reply: Message): void;
  /**
   * The process that waits for exactly the results that the request ends with, and those results;
   * `undefined` when the conversation has to be rebuilt from the request's own messages.
   */
  take(
    request: RunRequest,
  ): Promise<{ bound: BoundProcess; results: readonly ToolResultPart[] } | undefined>;
  /** Ends the one that waits longest; returns whether there was one. */
  evictOldest(): boolean;
  count(): number;
};

type Entry = BoundProcess & {
  callIds: readonly string[];
  /** Whether the CLI has really asked for every call; it answers malformed ones by itself. */
  isWaiting: Promise<boolean>;
  timer: NodeJS.Timeout;
};

/** Time for the CLI to ask for the calls that it has just streamed, in milliseconds. */
const ARRIVAL_MS = 2000;

/** Makes the place where processes wait for their callers' tools. They hold no place in the gate. */
export function createSuspendedCalls({
  maxSuspended,
  ttlMs,
}: SuspendedCallsOptions): SuspendedCalls {
  const entries = new Map<string, Entry>();

  return {
    keep(bound, request, reply) {
      const key = toConversationKey(request, [...request.messages, reply]);
      const callIds = reply.parts.filter(isCall).map((call) => call.id);
      const isWaiting = bound.tools.haveArrived(callIds, ARRIVAL_MS);
      entries.set(key, {
        ...bound,
        callIds,
        isWaiting,
        timer: setTimeout(drop, ttlMs, key).unref(),
      });
      void bound.process.exited.then(() => drop(key));
      void isWaiting.then((isTrue) => isTrue || drop(key));
      if (entries.size > maxSuspended) evictOldest();
    },
    async take(request) {
      const results = readResults(request.messages.at(-1));
      if (!results) return undefined;
      const entry = remove(toConversationKey(request, request.messages.slice(0, -1)));
      if (!entry) return undefined;
      const isAnswered = areResultsOf(entry.callIds, results) && results.every(canAnswerLive);
      if (isAnswered && (await entry.isWaiting)) return { bound: entry, results };
      void entry.process.end();
      return undefined;
    },
    evictOldest,
    count: () => entries.size,
  };

  function evictOldest() {
    const [oldest] = entries.keys();
    if (oldest !== undefined) drop(oldest);
    return oldest !== undefined;
  }

  function drop(key: string) {
    void remove(key)?.process.end();
  }

  function remove(key: string) {
    const entry = entries.get(key);
    entries.delete(key);
    clearTimeout(entry?.timer);
    return entry;
  }
}

function isCall(part: Part) {
  return part.type === 'tool-call';
}

/** The tool results that a message is made of; text beside them would be lost on a waiting process. */
function readResults(message: Message | undefined): ToolResultPart[] | undefined {
  const results = message?.parts.filter((part) => part.type === 'tool-result') ?? [];
  return results.length > 0 && results.length === message?.parts.length ? results : undefined;
}

function areResultsOf(callIds: readonly string[], results: readonly ToolResultPart[]) {
  const answered = new Set(results.map((result) => result.callId));
  return answered.size === callIds.length && callIds.every((id) => answered.has(id));
}
