import { setTimeout as delay } from 'node:timers/promises';

import { KINDS } from '../../scripts/soak/kinds.ts';
import { FRONT_AWAY, INTERRUPTED, type Outcome, WORKER_LOST } from '../../scripts/soak/ledger.ts';
import { MARK } from '../../scripts/soak/read-outcome.ts';
import { demoAnswer } from '../../src/demo/answers.ts';
import type { Answer } from '../../src/demo/model-server.ts';
import type { MessagesBody } from '../../src/demo/messages-body.ts';
import type { Reply, Step } from '../../src/demo/replies.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { type Cluster, type Member, nameOf } from './start-cluster.ts';

/** What they do, in turn: chats whole and streamed, tool loops, agents, and what goes on without its caller. */
const MIXED = [
  'chat completions',
  'messages, streamed',
  'a tool loop',
  'responses',
  'agent runs, streamed',
  'chat completions, streamed',
  'a response in the background',
  'messages',
  'responses, streamed',
  'a run in the background',
  'agent runs',
] as const;

/** Those of which the model is asked once and without tools. */
export const PLAIN = MIXED.filter((kind) => /^(?:chat|messages|responses)/.test(kind));

/** What does not go elsewhere once somebody could have heard something. */
const MAY_BREAK = /streamed$|^a response/;
/** What another front carries out anew. */
const OUTLIVES = /^a response/;
const IS_AGENT = /agent|run in/;
const IS_WHOLE_CHAT = /^(?:chat completions|messages|responses|a tool loop)$/;

export type Losses = {
  sent: number;
  answered: number;
  /** Asked of the model once more, since the worker that had it was lost or left. */
  'run again': number;
  /** Streams that had begun. */
  'error events': number;
  /** Agents. */
  interrupted: number;
  /** With a 503 and Retry-After, and asked again by their callers. */
  refused: number;
  /** Their front was killed, or cut off for so long that their runs were ended. */
  'front gone': number;
  lost: number;
  /** Answered twice, or asked of the model again though nothing of theirs was lost. */
  doubled: number;
};

export type MixedCallers = {
  /** The model of the test. */
  answer: Answer;
  /** Asks until every caller has asked so often; `disturb` is called after a third of that, or at once. */
  callAll: (disturb: () => Promise<void>) => Promise<Losses>;
  /** What is asked of these workers may be asked of another one. */
  noteLost: (worker: Member) => void;
  /** Callers may find their connections cut, or that their runs were ended. */
  noteGone: (front: Member) => void;
  /** The worker that has just been asked for a chat that is not streamed: whoever loses it loses that. */
  untilWholeChat: () => Promise<string>;
  /** All that has been asked of the model so far is answered, or was cancelled. */
  untilAllEnded: () => Promise<void>;
  /** Something has been asked of the model once more. */
  untilRunAgain: () => Promise<void>;
  /** What was not as it should be, in words. */
  faults: string[];
};

export type MixedOptions = {
  cluster: Cluster;
  /** Those that can be asked; where a connection is refused, the next one is. */
  fronts: () => readonly Member[];
  callers?: number;
  /** Of each caller; default 2. */
  requests?: number;
  /** Ends the asking instead of a number of requests. */
  isOver?: () => boolean;
  /** What is asked, in turn. Default: everything. */
  kinds?: readonly string[];
  /** Wait of the model after each word, in milliseconds. */
  wordMs?: number;
};

/** How long a caller who was told to come back waits, whatever was said, in milliseconds. */
const RETRY_MS = 500;

const makeKey = () => Promise.reject(new Error('No kind of these makes a key.'));

/** Callers of every kind, who ask at the same time. */
export function createMixedCallers({
  cluster,
  fronts,
  callers = 30,
  requests = 2,
  isOver,
  kinds: asked = MIXED,
  wordMs = 20,
}: MixedOptions): MixedCallers {
  const arrivals = new Map<string, string[]>();
  const [lostWorkers, goneFronts] = [new Set<string>(), new Set<string>()];
  const faults: string[] = [];
  const losses: Losses = {
    sent: 0,
    answered: 0,
    'run again': 0,
    'error events': 0,
    interrupted: 0,
    refused: 0,
    'front gone': 0,
    lost: 0,
    doubled: 0,
  };
  const kinds = new Map<string, string>();
  let wholeChat = Promise.withResolvers<string>();
  const runAgain = Promise.withResolvers<void>();
  let ended = 0;
  const isUnderWay = Promise.withResolvers<void>();

  const noteOutcome = (kind: string, outcome: Outcome, started: ReadonlySet<string>) => {
    const column = toColumn(kind, outcome, goneFronts.size > started.size);
    losses[column] += 1;
    if (column === 'lost') faults.push(`${kind}: ${outcome}`);
    ended += 1;
    if (ended * 3 >= callers * requests) isUnderWay.resolve();
  };

  const call = async (index: number) => {
    const own = { key: '', send: createBalancedSend(fronts, index, () => (losses.refused += 1)) };
    const goesOn = (turn: number) => (isOver ? !isOver() : turn < index + requests);
    for (let turn = index; goesOn(turn); turn += 1) {
      const kind = asked[turn % asked.length] ?? '';
      const mark = () => {
        const made = `#${kinds.size + 1}#`;
        kinds.set(made, kind);
        return made;
      };
      const asker = { url: '', own, owner: own, greedy: own, withKey: () => own, makeKey, mark };
      const before = new Set(goneFronts);
      for (const outcome of KINDS[kind]?.ask(asker) ?? []) {
        losses.sent += 1;
        noteOutcome(kind, await outcome.catch(toLost), before);
      }
    }
  };

  return {
    faults,
    noteLost: ({ name }) => void lostWorkers.add(name),
    noteGone: ({ name }) => void goneFronts.add(name),
    answer(body, request) {
      const worker = nameOf(request);
      for (const mark of new Set(JSON.stringify(toLastOfUser(body)).match(MARK))) {
        const before = arrivals.get(mark);
        arrivals.set(mark, [...(before ?? []), worker]);
        if (before) runAgain.resolve();
        if (IS_WHOLE_CHAT.test(kinds.get(mark) ?? '')) wholeChat.resolve(worker);
      }
      return toSlowly(demoAnswer(body), wordMs);
    },
    untilWholeChat() {
      wholeChat = Promise.withResolvers();
      return wholeChat.promise;
    },
    async untilAllEnded() {
      await Promise.all(cluster.model.requests.map(({ closed }) => closed));
    },
    untilRunAgain: () => runAgain.promise,
    async callAll(disturb) {
      cluster.model.answer = this.answer;
      const calling = Promise.all(Array.from({ length: callers }, (_, index) => call(index)));
      if (!isOver) await isUnderWay.promise;
      await Promise.all([calling, disturb()]);
      for (const [mark, workers] of arrivals) {
        if (workers.length === 1) continue;
        losses['run again'] += workers.length - 1;
        if (workers.slice(0, -1).every((worker) => lostWorkers.has(worker))) continue;
        if (goneFronts.size > 0 && OUTLIVES.test(kinds.get(mark) ?? '')) continue;
        losses.doubled += 1;
        faults.push(`${mark} was asked by ${workers.join(', ')}`);
      }
      return losses;
    },
  };
}

function toLost(error: unknown): Outcome {
  return `lost (${String(error)})`;
}

function toColumn(kind: string, outcome: Outcome, hasLostFront: boolean): keyof Losses {
  if (/^(?:answered|done|completed)$/.test(outcome)) return 'answered';
  if (outcome === 'doubled') return 'doubled';
  if (outcome === WORKER_LOST && MAY_BREAK.test(kind)) return 'error events';
  if (outcome === INTERRUPTED && IS_AGENT.test(kind)) return 'interrupted';
  if (hasLostFront && (outcome === FRONT_AWAY || /^(?:lost|failed) \(/.test(outcome)))
    return 'front gone';
  return 'lost';
}

/** Asks one front, or the next one where nobody listens; comes back when it is told to. */
function createBalancedSend(
  fronts: () => readonly Member[],
  first: number,
  onRefused: () => void,
): Proxy['send'] {
  return async (...args) => {
    for (;;) {
      const response = await sendToAny(fronts(), first, args);
      if (response.status !== 503 || !(await isRefusal(response))) return response;
      onRefused();
      await delay(RETRY_MS);
    }
  };
}

async function sendToAny(
  fronts: readonly Member[],
  first: number,
  args: Parameters<Proxy['send']>,
): Promise<Response> {
  for (let index = 0; index < fronts.length; index += 1) {
    const front = fronts[(first + index) % fronts.length];
    const response = await front?.send(...args).catch((error: unknown) => {
      if (!isRefused(error)) throw error;
    });
    if (response) return response;
  }
  throw new Error('No front takes connections.');
}

function isRefused(error: unknown) {
  const { cause } = error instanceof Error ? error : {};
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

/** Whether it is to be asked again, elsewhere: a front that leaves takes nothing more. */
async function isRefusal(response: Response) {
  const text = await response.clone().text();
  return /cannot be reached at present|No worker|is shutting down/.test(text);
}

function toLastOfUser({ messages }: MessagesBody) {
  return messages.findLast(({ role }) => role === 'user');
}

/** The same with a wait after each word. */
function toSlowly(reply: Reply, waitMs: number): Reply {
  if (!('steps' in reply)) return reply;
  const { steps } = reply;
  async function* slowly(): AsyncGenerator<Step> {
    for await (const step of steps) {
      yield step;
      const isWord = typeof step === 'object' && 'type' in step && step.type.endsWith('_delta');
      if (isWord) yield { until: delay(waitMs) };
    }
  }
  return { ...reply, steps: slowly() };
}
