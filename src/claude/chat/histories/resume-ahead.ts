import { addAbortListener } from 'node:events';

import type { RunRequest } from '../../../run.ts';
import type { ReadAbilities } from '../abilities.ts';
import type { ChatProcess } from '../chat-process.ts';
import { type ChatTurn, toChatTurn } from '../chat-turn.ts';
import { isSameMessage } from '../fingerprint.ts';
import type { KeptProcesses } from '../kept-processes.ts';
import type { SuspendedCalls } from '../suspended-calls.ts';
import { toUpstreamForm } from '../upstream-form/with-upstream-form.ts';
import { type HistoryPace, toLeastHeld } from './history-pace.ts';
import type { ResumeChat } from './resume-chat.ts';

/** Processes that read the histories of requests which still wait for their places. */
export type ResumeAhead = {
  /**
   * Told of a request that waits; returns what to call when it is over. A process is begun for it if its
   * history is one to be read from a transcript and no process holds it.
   */
  expect: (request: RunRequest) => () => void;
  /** The process that was begun for the turn's request; `undefined` if there is none, or it does not fit. */
  take: (turn: ChatTurn, signal: AbortSignal) => Promise<ChatProcess | undefined>;
  /** Ends one; returns whether there was one. */
  evict: () => boolean;
  /** Ends all, because the login or the CLI has changed. */
  retire: () => void;
  /** How many have read their histories. */
  ready: () => number;
};

export type ResumeAheadParts = {
  readAbilities: ReadAbilities;
  resume: ResumeChat;
  pace: HistoryPace;
  kept: Pick<KeptProcesses, 'has'>;
  suspended: Pick<SuspendedCalls, 'has'>;
  /** How many may be begun at the same time; of one key it is never more than one. */
  most: number;
  /** Whether another process may be started without ending one that holds something. */
  hasRoom: () => boolean;
};

type Waiting = { request: RunRequest; begun?: Begun };

type Begun = {
  chat: Promise<ChatProcess | undefined>;
  isReady: boolean;
  /** Ends the process, started or not. */
  stop: () => void;
  /** Resolves when there is no process, or none any more. */
  gone: Promise<unknown>;
};

/** Makes the list of those who wait with a long history. In their order, each key has one process begun. */
export function createResumeAhead(parts: ResumeAheadParts): ResumeAhead {
  const { pace, most, hasRoom } = parts;
  const waiting = new Set<Waiting>();

  return {
    expect(request) {
      const isLong = toLeastHeld(request.messages, pace.mostReplayed()) > 0;
      // The patient may wait for hours.
      if (!isLong || request.agent || request.isPatient) return () => {};
      const entry: Waiting = { request };
      waiting.add(entry);
      beginNext();
      return () => drop(entry);
    },
    async take(turn, signal) {
      const { requestId } = turn.request.caller;
      const entry = [...waiting].find(({ request }) => request.caller.requestId === requestId);
      if (!entry) return undefined;
      waiting.delete(entry);
      beginNext();
      return entry.begun && takeOver(entry.begun, turn, signal);
    },
    evict() {
      const entry = listBegun().at(-1);
      if (entry) drop(entry);
      return entry !== undefined;
    },
    retire() {
      for (const entry of listBegun()) drop(entry);
    },
    ready: () => listBegun().filter(({ begun }) => begun?.isReady).length,
  };

  function listBegun() {
    return [...waiting].filter(({ begun }) => begun);
  }

  function beginNext() {
    for (const entry of waiting) {
      const { keyId } = entry.request.caller;
      const others = listBegun();
      if (others.length >= most || !hasRoom()) return;
      if (others.some(({ request }) => request.caller.keyId === keyId)) continue;
      entry.begun = begin(entry.request, parts);
      void entry.begun.gone.then(() => drop(entry));
    }
  }

  function drop(entry: Waiting) {
    if (!waiting.delete(entry)) return;
    entry.begun?.stop();
    beginNext();
  }
}

function begin(request: RunRequest, parts: ResumeAheadParts): Begun {
  const stopped = new AbortController();
  const chat = open(request, parts, stopped.signal).catch(() => undefined);
  const begun: Begun = { chat, isReady: false, stop, gone: follow() };
  return begun;

  function stop() {
    stopped.abort();
    void chat.then((opened) => opened?.process.end());
  }

  async function follow() {
    const opened = await chat;
    begun.isReady = opened !== undefined;
    await opened?.process.exited;
  }
}

async function takeOver({ chat, stop }: Begun, turn: ChatTurn, signal: AbortSignal) {
  using _listener = addAbortListener(signal, stop);
  const opened = await chat;
  signal.throwIfAborted();
  if (opened && holdsHistory(opened, turn)) return opened;
  stop();
  return undefined;
}

/** `undefined` when a process holds the history, or the CLI does not take it. */
async function open(
  request: RunRequest,
  { readAbilities, resume, pace, kept, suspended }: ResumeAheadParts,
  signal: AbortSignal,
): Promise<ChatProcess | undefined> {
  const turn = toChatTurn(toUpstreamForm(request).request, await readAbilities());
  const leastHeld = toLeastHeld(turn.request.messages, pace.mostReplayed());
  if (kept.has(turn, leastHeld) || suspended.has(turn)) return undefined;
  return resume(turn, signal);
}

/** Whether the process was begun for just this; a request that is tried again may have changed. */
function holdsHistory(
  chat: ChatProcess,
  { identity, instructions, tools, fingerprints }: ChatTurn,
) {
  const said = fingerprints.slice(0, -1);
  return (
    chat.identity === identity.process &&
    chat.instructions === instructions &&
    chat.toolsKey === tools.key &&
    chat.held.length === said.length &&
    chat.held.every(({ fingerprint }, index) => {
      const sent = said[index];
      return sent !== undefined && isSameMessage(fingerprint, sent);
    })
  );
}
