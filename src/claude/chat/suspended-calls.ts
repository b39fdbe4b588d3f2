import type { Message, ToolResultPart } from '../../run.ts';
import { within } from '../../common/within.ts';
import { createIdlePool } from '../idle-pool.ts';
import type { CliLine } from '../process/protocol.ts';
import type { ChatProcess } from './chat-process.ts';
import type { ChatTurn } from './chat-turn.ts';
import { canAnswerLive } from './client-tools.ts';
import { isSameMessage } from './fingerprint.ts';

export type SuspendedCallsOptions = {
  /** How many processes may wait at the same time; the oldest is ended first. */
  maxSuspended: number;
  /** Longest wait for results, in milliseconds. */
  ttlMs: number;
  /** Whether a caller waits for a process to end, because the limit of processes is reached. */
  isRoomWanted: () => boolean;
  /** Takes a process whose results were used elsewhere; its turn is still going on. */
  release: (chat: ChatProcess) => void;
  /** Called when there are more or fewer of them. */
  onChange: () => void;
};

export type SuspendedCalls = {
  /** Keeps the process of a conversation whose last reply calls the caller's tools. */
  keep(chat: ChatProcess, turn: ChatTurn, reply: Message): void;
  /**
   * The process that waits for exactly the results that the turn ends with, and those results;
   * `undefined` when the conversation has to be rebuilt from the request's own messages.
   */
  take(
    turn: ChatTurn,
  ): Promise<{ chat: ChatProcess; results: readonly ToolResultPart[] } | undefined>;
  /** Whether one waits for results that the turn ends with. */
  has(turn: ChatTurn): boolean;
  count(): number;
  /** Ends the one that waits longest, of the key with the most; returns whether there was one. */
  evict(): boolean;
};

type Entry = {
  /** Of the turn that waits. */
  identity: ChatTurn['identity'];
  chat: ChatProcess;
  callIds: readonly string[];
  /** Whether the CLI has asked for every call; some it answers by itself. */
  isAsking: Promise<boolean>;
  /** Ends the wait for that: two readers would take lines from each other. */
  stopWaiting: () => void;
};

/** Time for the CLI to ask for calls whose results have already arrived, in milliseconds. */
const ASKING_MS = 5000;

/** Makes the place where processes wait for their callers' tools. They hold no place in the gate. */
export function createSuspendedCalls({
  maxSuspended,
  ttlMs,
  isRoomWanted,
  release,
  onChange,
}: SuspendedCallsOptions): SuspendedCalls {
  const pool = createIdlePool<Entry>(({ chat }) => chat.process, {
    toKeyId: ({ chat }) => chat.keyId,
    onChange,
  });

  return {
    keep(chat, { identity }, reply) {
      const callIds = reply.parts.flatMap((part) => (part.type === 'tool-call' ? part.id : []));
      const stopped = Promise.withResolvers<void>();
      const entry: Entry = {
        identity,
        chat,
        callIds,
        isAsking: waitUntilAsked(chat, callIds, stopped.promise),
        stopWaiting: stopped.resolve,
      };
      pool.add(entry, ttlMs);
      void entry.isAsking.then((isTrue) => isTrue || pool.drop(entry));
      if (pool.size() > maxSuspended || isRoomWanted()) pool.evict();
    },
    async take(turn) {
      const last = turn.request.messages.at(-1);
      const results = toResults(turn);
      if (results.length === 0) return undefined;
      const answered = findAnswered(pool.items(), turn, results);
      const waiting = answered.find((entry) => isSameTurn(entry, turn));
      for (const entry of answered) {
        pool.remove(entry);
        if (entry !== waiting) await letGo(entry);
      }
      if (!waiting) return undefined;
      // Text beside the results would be lost on a waiting process.
      const isPlain = last?.parts.length === results.length && results.every(canAnswerLive);
      if (isPlain && (await isAskingSoon(waiting))) return { chat: waiting.chat, results };
      await letGo(waiting);
      return undefined;
    },
    has: (turn) => findAnswered(pool.items(), turn, toResults(turn)).length > 0,
    count: pool.size,
    evict: pool.evict,
  };

  async function letGo({ chat, isAsking, stopWaiting }: Entry) {
    stopWaiting();
    await isAsking;
    release(chat);
  }
}

/** What the turn's last message brings. */
function toResults({ request }: ChatTurn) {
  return request.messages.at(-1)?.parts.filter((part) => part.type === 'tool-result') ?? [];
}

/** The caller's processes for whose calls all results are here; nobody will ask for them again. */
function findAnswered(
  entries: readonly Entry[],
  { identity }: ChatTurn,
  results: readonly ToolResultPart[],
) {
  const ids = new Set(results.map(({ callId }) => callId));
  return entries.filter(
    (entry) =>
      entry.identity.process === identity.process && entry.callIds.every((id) => ids.has(id)),
  );
}

/** Whether the results belong to the very turn that waits, with nothing in it changed. */
function isSameTurn({ identity, chat }: Entry, turn: ChatTurn) {
  const said = turn.fingerprints.slice(0, -1);
  return (
    identity.turn === turn.identity.turn &&
    said.length === chat.held.length &&
    chat.held.every(({ fingerprint }, index) => {
      const sent = said[index];
      return sent !== undefined && isSameMessage(fingerprint, sent);
    })
  );
}

async function isAskingSoon({ isAsking }: Entry) {
  return (await within(isAsking, ASKING_MS)) ?? false;
}

/** Resolves with whether the CLI asks for all the calls. If it does not, its next lines show that. */
async function waitUntilAsked(
  { lines, tools }: ChatProcess,
  callIds: readonly string[],
  stopped: Promise<void>,
) {
  const asked = tools.waitForCalls(callIds).then(() => 'asked' as const);
  const over = stopped.then(() => undefined);
  for (;;) {
    const first = await Promise.race([asked, over, lines.peek()]);
    if (first === 'asked') return true;
    if (!first || isOwnAnswer(first)) return false;
    lines.skip();
  }
}

/** The CLI itself answers malformed calls and those of unknown tools, and continues with its answers. */
function isOwnAnswer(line: CliLine) {
  if (line.type === 'stream_event') return line.event.type === 'message_start';
  return line.type === 'user' || line.type === 'result';
}
