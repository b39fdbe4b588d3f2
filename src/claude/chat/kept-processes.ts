import { createIdlePool } from '../idle-pool.ts';
import { readRssBytes } from '../process/system-processes.ts';
import { type ChatProcess, countKept, rewindTo, settle } from './chat-process.ts';
import type { ChatTurn } from './chat-turn.ts';

export type KeptProcessesOptions = {
  /** Whether processes may serve more than one request: the operator allows it, and the CLI can rewind. */
  isReusing: () => Promise<boolean>;
  /** How many processes may be idle at the same time; the least recently used of the key with the most goes first. */
  maxIdle: number;
  /** Longest time without a request, in milliseconds. */
  idleMs: number;
  /** Turns in a process's life, replayed messages included. */
  maxTurns: number;
  /** Memory of a process, in bytes, above which it is not used again. */
  maxRssBytes: number;
  /** Whether a caller waits for a process to end, because the limit of processes is reached. */
  isRoomWanted: () => boolean;
  /** Whether an unused process is ready, so that no conversation has to be given up. */
  hasSpare: () => boolean;
};

export type KeptProcesses = {
  /**
   * The process that holds most of the turn's conversation, rewound to what the two have in common;
   * `undefined` when none holds at least `leastHeld` of its messages (default: 0).
   */
  take: (turn: ChatTurn, leastHeld?: number) => Promise<ChatProcess | undefined>;
  /** Whether one would be taken. */
  has: (turn: ChatTurn, leastHeld: number) => boolean;
  /**
   * Takes a process back. `isAnswered` means that it holds the answer just as the caller got it; if not,
   * it is interrupted and rewound to before its last turn. In any doubt it is ended.
   */
  giveBack: (chat: ChatProcess, isAnswered: boolean) => void;
  /** Ends the least recently used one of the key with the most; returns whether there was one. */
  evict: () => boolean;
  /** Ends all that are idle, because the login or the CLI has changed. */
  retire: () => void;
  count: () => number;
};

type Entry = {
  chat: ChatProcess;
  /** How many of its messages it will still hold once it is at rest. */
  willHold: number;
  isAtRest: boolean;
  /** Resolves with whether the process is at a known point. */
  rest: Promise<boolean>;
  /** The CLI tells the model the date only once in a conversation. */
  day: string;
};

type Candidate = { entry: Entry; kept: number };

/** Conversations up to this length are given up before a spare is used: one question, one answer. */
const SHORT_CONVERSATION = 2;

/** Keeps processes for their next request. A process serves one caller, and one request at a time. */
export function createKeptProcesses(options: KeptProcessesOptions): KeptProcesses {
  const { maxIdle, idleMs, isRoomWanted, hasSpare } = options;
  const pool = createIdlePool<Entry>(({ chat }) => chat.process, {
    toKeyId: ({ chat }) => chat.keyId,
  });

  return {
    async take(turn, leastHeld = 0) {
      for (;;) {
        const entry = choose(pool.items(), turn, { leastHeld, hasSpare });
        if (!entry) return undefined;
        pool.remove(entry);
        const { chat } = entry;
        const isUsable = (await entry.rest) && entry.day === toDay();
        const kept = isUsable ? countKept(chat, turn) : undefined;
        if (kept !== undefined && (await rewindTo(chat, kept))) return chat;
        void chat.process.end();
      }
    },
    has: (turn, leastHeld) => choose(pool.items(), turn, { leastHeld, hasSpare }) !== undefined,
    giveBack(chat, isAnswered) {
      const entry: Entry = {
        chat,
        willHold: isAnswered ? chat.held.length : chat.held.length - 1,
        isAtRest: false,
        rest: comeToRest(chat, isAnswered, options),
        day: toDay(),
      };
      pool.add(entry, idleMs);
      void noteRest(entry);
      if (pool.size() > maxIdle || isRoomWanted()) pool.evict();
    },
    evict: pool.evict,
    retire: pool.clear,
    count: pool.size,
  };

  async function noteRest(entry: Entry) {
    entry.isAtRest = await entry.rest;
    if (!entry.isAtRest) pool.drop(entry);
  }
}

/** The process that saves the most work, unless a spare should be used instead. */
function choose(
  entries: readonly Entry[],
  turn: ChatTurn,
  { leastHeld, hasSpare }: { leastHeld: number; hasSpare: () => boolean },
): Entry | undefined {
  const [best] = entries
    .flatMap((entry) => toCandidate(entry, turn))
    .toSorted((one, other) => compare(one, other, turn));
  if (!best || best.kept < leastHeld) return undefined;
  // Longer conversations are likely to be continued.
  const isBetterLeft = best.kept === 0 && isLong(best.entry) && hasSpare();
  return isBetterLeft ? undefined : best.entry;
}

function toCandidate(entry: Entry, turn: ChatTurn): Candidate[] {
  const kept = countKept(entry.chat, turn, entry.willHold);
  return kept === undefined ? [] : [{ entry, kept }];
}

/** Best first: holds most of the conversation, is a short one, needs no changes, is ready now. */
function compare(one: Candidate, other: Candidate, turn: ChatTurn) {
  return (
    other.kept - one.kept ||
    Number(isLong(one.entry)) - Number(isLong(other.entry)) ||
    Number(hasSame(other.entry, turn)) - Number(hasSame(one.entry, turn)) ||
    Number(other.entry.isAtRest) - Number(one.entry.isAtRest)
  );
}

function hasSame({ chat }: Entry, { instructions, tools }: ChatTurn) {
  return chat.instructions === instructions && chat.toolsKey === tools.key;
}

/** Brings the process to a known point; resolves with whether it can be used again. */
async function comeToRest(
  chat: ChatProcess,
  isAnswered: boolean,
  { isReusing, maxTurns, maxRssBytes }: KeptProcessesOptions,
) {
  if (!(await isReusing())) {
    if (isAnswered) await settle(chat); // the end of the turn tells what it cost
    return false;
  }
  const isSettled = isAnswered ? await settle(chat) : await cutOff(chat);
  if (!isSettled || chat.begun >= maxTurns) return false;
  const rssBytes = readRssBytes(chat.process.pid);
  return rssBytes === undefined || rssBytes <= maxRssBytes;
}

/** Interrupts the turn if it is still going on, and takes back what was said in it. */
async function cutOff(chat: ChatProcess) {
  if (chat.lines.results < chat.begun) {
    chat.process.request({ subtype: 'interrupt' }).catch(() => undefined);
  }
  return (await settle(chat)) && rewindTo(chat, chat.held.length - 1);
}

function isLong({ chat }: Entry) {
  return chat.held.length > SHORT_CONVERSATION;
}

function toDay() {
  return new Date().toDateString();
}
