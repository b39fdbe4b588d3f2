import { readRssBytes } from '../process/read-rss.ts';
import { type ChatProcess, countKept, rewindTo, settle } from './chat-process.ts';
import type { ChatTurn } from './chat-turn.ts';

export type KeptProcessesOptions = {
  /** Whether processes may serve more than one request: the operator wants it, and the CLI can go back. */
  isReusing: () => Promise<boolean>;
  /** Processes that may be idle at the same time; the least recently used goes first. */
  maxIdle: number;
  /** Longest time without a request, in milliseconds. */
  idleMs: number;
  /** Turns in a process's life, replayed messages included. */
  maxTurns: number;
  /** Memory of a process, in bytes, above which it is not used again. */
  maxRssBytes: number;
  /** Whether somebody waits for a process to go, so that there is room for another one. */
  isRoomWanted: () => boolean;
  /** Whether a process bound to nobody is ready, so that a conversation need not make room. */
  hasSpare: () => boolean;
};

export type KeptProcesses = {
  /**
   * The process that holds most of the turn's conversation, gone back to what they have in common;
   * `undefined` when none holds at least `leastHeld` of its messages (default: 0).
   */
  take: (turn: ChatTurn, leastHeld?: number) => Promise<ChatProcess | undefined>;
  /**
   * Takes a process back. `isAnswered` says that it holds the answer as the caller got it; otherwise it
   * is interrupted, and goes back to before its last turn. Any doubt, and it is ended.
   */
  giveBack: (chat: ChatProcess, isAnswered: boolean) => void;
  /** Ends the one not used for the longest time; returns whether there was one. */
  evict: () => boolean;
  /** Ends all that are idle: the login or the CLI is not what it was. */
  retire: () => void;
  count: () => number;
};

type Entry = {
  chat: ChatProcess;
  /** How many of the messages that it holds it will still hold when it is at rest. */
  willHold: number;
  isAtRest: boolean;
  /** Resolves with whether the process is at a known point. */
  rest: Promise<boolean>;
  /** The CLI tells the model the date once in a conversation. */
  day: string;
  timer: NodeJS.Timeout;
};

type Candidate = { entry: Entry; kept: number };

/** Conversations up to this length are given up before a spare is taken: one question, one answer. */
const SHORT_CONVERSATION = 2;

/** Keeps processes for their next request. A process serves one caller, and one request at a time. */
export function createKeptProcesses({
  isReusing,
  maxIdle,
  idleMs,
  maxTurns,
  maxRssBytes,
  isRoomWanted,
  hasSpare,
}: KeptProcessesOptions): KeptProcesses {
  /** The least recently used first. */
  const idle = new Set<Entry>();
  /** Those whose end is waited for: once each, however often they come. */
  const watched = new WeakSet<ChatProcess>();
  const gone = new WeakSet<ChatProcess>();

  return {
    async take(turn, leastHeld = 0) {
      for (;;) {
        const entry = choose(turn, leastHeld);
        if (!entry) return undefined;
        remove(entry);
        const { chat } = entry;
        const isUsable = (await entry.rest) && entry.day === toDay();
        const kept = isUsable ? countKept(chat, turn) : undefined;
        if (kept !== undefined && (await rewindTo(chat, kept))) return chat;
        void chat.process.end();
      }
    },
    giveBack(chat, isAnswered) {
      watch(chat);
      if (gone.has(chat)) return;
      const entry: Entry = {
        chat,
        willHold: isAnswered ? chat.held.length : chat.held.length - 1,
        isAtRest: false,
        rest: comeToRest(chat, isAnswered),
        day: toDay(),
        timer: setTimeout(() => drop(entry), idleMs).unref(),
      };
      idle.add(entry);
      void noteRest(entry);
      if (idle.size > maxIdle || isRoomWanted()) evict();
    },
    evict,
    retire() {
      for (const entry of idle) drop(entry);
    },
    count: () => idle.size,
  };

  function choose(turn: ChatTurn, leastHeld: number) {
    const [best] = [...idle]
      .flatMap((entry) => toCandidate(entry, turn))
      .toSorted((one, other) => compare(one, other, turn));
    if (!best || best.kept < leastHeld) return undefined;
    // Somebody will likely go on with a longer conversation.
    const isBetterLeft = best.kept === 0 && isLong(best.entry) && hasSpare();
    return isBetterLeft ? undefined : best.entry;
  }

  async function noteRest(entry: Entry) {
    entry.isAtRest = await entry.rest;
    if (!entry.isAtRest) drop(entry);
  }

  async function comeToRest(chat: ChatProcess, isAnswered: boolean) {
    if (!(await isReusing())) return false;
    const isSettled = isAnswered ? await settle(chat) : await cutOff(chat);
    if (!isSettled || chat.begun >= maxTurns) return false;
    const rssBytes = await readRssBytes(chat.process.pid);
    return rssBytes === undefined || rssBytes <= maxRssBytes;
  }

  function watch(chat: ChatProcess) {
    if (watched.has(chat)) return;
    watched.add(chat);
    void chat.process.exited.then(() => forget(chat));
  }

  function forget(chat: ChatProcess) {
    gone.add(chat);
    for (const entry of idle) if (entry.chat === chat) drop(entry);
  }

  function evict() {
    const [oldest] = idle;
    if (oldest) drop(oldest);
    return oldest !== undefined;
  }

  function drop(entry: Entry) {
    if (remove(entry)) void entry.chat.process.end();
  }

  function remove(entry: Entry) {
    clearTimeout(entry.timer);
    return idle.delete(entry);
  }
}

function toCandidate(entry: Entry, turn: ChatTurn): Candidate[] {
  const kept = countKept(entry.chat, turn, entry.willHold);
  return kept === undefined ? [] : [{ entry, kept }];
}

/** What spares most work comes first: messages, then changes, then waiting; what somebody needs, last. */
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

/** Ends the turn, if it goes on, and forgets what was said in it. */
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
