import { z } from 'zod';

import { within } from '../common/within.ts';
import { RunError } from '../run-error.ts';
import { listServers } from '../state/shared-servers.ts';
import type { SharedState } from '../state/shared-state.ts';
import { answerToWire, createWireCalls } from '../wire-calls.ts';
import { type AllRuns, type NamedServer, type SeenRun, toNoRun } from './all-runs.ts';
import type { LiveRuns } from './live-runs.ts';
import { fromPlainRecord, PlainRecord, toPlainRecord } from './plain-record.ts';
import type { RunRecord } from './run-record.ts';

export type SharedRunsOptions = {
  shared: SharedState;
  /** This front among those of the cluster. */
  front: NamedServer;
  /** The runs of this front. */
  live: LiveRuns;
  /** The worker that carries out the run of this front with this request's id. */
  findWorker: (requestId: string) => NamedServer | undefined;
  /** Told of what could not be answered. */
  onProblem: (error: unknown) => void;
};

/** Longest wait for the other fronts, in milliseconds. */
const ANSWER_MS = 1000;

/** Runs that ended last, of all fronts together. */
const KEEP_RECENT = 20;

const Server = z.object({ id: z.string(), host: z.string() });

/** What a front is asked: to end a run, or which it has. */
type Call = { stop?: string };

const Asked = z.object({ id: z.string(), from: z.string(), stop: z.string().optional() });

const Told = PlainRecord.extend({ worker: Server.optional() });

const Listed = z.object({ running: z.array(Told), recent: z.array(Told) });

type Listed = z.infer<typeof Listed>;

/** The runs of all fronts of a cluster: each tells of its own when it is asked. */
export function createSharedRuns(options: SharedRunsOptions): AllRuns {
  const { front, live } = options;
  const askOthers = createAskOthers(options);

  return {
    async read() {
      const others = await askOthers({}, (answer) => Listed.parse(answer));
      const all = [...others, { server: front, answer: listOwn(options) }];
      const lists = all.flatMap(({ server, answer }) => (answer ? [toSeen(server, answer)] : []));
      return {
        running: lists
          .flatMap(({ running }) => running)
          .toSorted((one, other) => one.record.startedAtMs - other.record.startedAtMs),
        recent: lists
          .flatMap(({ recent }) => recent)
          .toSorted((one, other) => toEnd(other) - toEnd(one))
          .slice(0, KEEP_RECENT),
        silent: listSilent(all),
      };
    },
    async stop(id) {
      if (live.stop(id)) return;
      const others = await askOthers({ stop: id }, (answer) => answer === true);
      if (others.some(({ answer }) => answer)) return;
      const [silent] = listSilent(others);
      throw silent ? toSilent(silent) : toNoRun();
    },
  };
}

/** Makes what asks all other fronts at once; of one that does not answer in time, the answer is `undefined`. */
function createAskOthers(options: SharedRunsOptions) {
  const { shared, front, onProblem } = options;
  const ask = createAsk(options);
  let known: readonly NamedServer[] = [];

  /** Those that were seen last, where Redis does not tell. */
  const listOthers = async () => {
    const found = await within(listServers(shared).catch(onProblem), ANSWER_MS);
    known = found?.filter(({ id }) => id !== front.id) ?? known;
    return known;
  };

  return async <Answer>(call: Call, read: (answer: unknown) => Answer) =>
    Promise.all(
      (await listOthers()).map(async (server) => {
        const asking = ask(server, call).then(read, () => undefined);
        return { server, answer: await within(asking, ANSWER_MS) };
      }),
    );
}

/** Asks another front, and lets the others ask this one. */
function createAsk(options: SharedRunsOptions) {
  const { shared, front, live, onProblem } = options;
  const calls = createWireCalls({ answerMs: ANSWER_MS, toNoAnswer: () => toSilent(front) });

  const answer = async (text: string) => {
    const { id, from, stop } = Asked.parse(JSON.parse(text));
    const carryOut = async () => (stop === undefined ? listOwn(options) : live.stop(stop));
    await shared.publish(toAnswers(from), await answerToWire(id, carryOut()));
  };
  const listen = async () => {
    await shared.subscribe(toAnswers(front.id), (text) => calls.take(text));
    await shared.subscribe(toCalls(front.id), (text) => void answer(text).catch(onProblem));
  };
  void listen().catch(onProblem);

  return (server: NamedServer, call: Call) =>
    calls.ask(async (id) => {
      await shared.publish(toCalls(server.id), JSON.stringify({ id, from: front.id, ...call }));
      return true;
    });
}

function listOwn({ live, findWorker }: SharedRunsOptions): Listed {
  const toTold = (record: Readonly<RunRecord>) => ({
    ...toPlainRecord(record),
    worker: findWorker(record.id),
  });
  return { running: live.list().map(toTold), recent: live.recent().map(toTold) };
}

function toSeen(front: NamedServer, { running, recent }: Listed) {
  const toRun = ({ worker, ...told }: Listed['running'][number]): SeenRun => ({
    record: fromPlainRecord(told),
    front,
    worker,
  });
  return { running: running.map(toRun), recent: recent.map(toRun) };
}

function listSilent(answers: readonly { server: NamedServer; answer: unknown }[]) {
  return answers.filter(({ answer }) => answer === undefined).map(({ server }) => server);
}

function toEnd({ record }: SeenRun) {
  return record.startedAtMs + (record.totalMs ?? 0);
}

/** The topics on which a front is asked, and answered. */
function toCalls(server: string) {
  return `live-calls-${server}`;
}

function toAnswers(server: string) {
  return `live-answers-${server}`;
}

function toSilent({ id, host }: NamedServer) {
  const sentence = `The server ${host} (${id.slice(0, 8)}) does not answer at present, and may have this request. Try again later.`;
  return new RunError('queue-timeout', sentence, { retryAfterSeconds: 2 });
}
