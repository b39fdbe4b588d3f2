import { setTimeout as delay } from 'node:timers/promises';

import { createMixedCallers, type Losses, PLAIN } from '../../tests/cluster/mixed-callers.ts';
import {
  type Cluster,
  type Member,
  startCluster,
  untilReady,
} from '../../tests/cluster/start-cluster.ts';
import { createAskingStub } from '../../tests/cluster/create-asking-stub.ts';
import { endEarly } from './end-early.ts';

const HELP = `Usage: npm run soak:cluster -- MINUTES
       npm run soak:cluster -- --rolling REQUESTS

Two fronts and three workers on a Redis of their own (redis-server has to be installed), thirty callers of every
kind, and the demo's model. With MINUTES the real CLI answers, and a worker is killed every minute and replaced.
With --rolling everything is started again, one after the other and from the beginning when it is done, until
REQUESTS have been answered; a little program stands in for the CLI, as 5,000 starts of the real one take an hour.

Ends with 1 when a request was lost, doubled, or ended otherwise than docs/cluster.md says.`;

const CALLERS = 30;
const PLACES = 3;
const KILL_EVERY_MS = 60_000;

/** Who can be asked, and what may be lost now. */
type Stage = {
  cluster: Cluster;
  fronts: Member[];
  workers: Member[];
  addFront: () => Promise<Member>;
  addWorker: () => Promise<Member>;
  /** Those that have ended, too. */
  everyone: readonly Member[];
  stop: () => Promise<void>;
};

const [first, second] = process.argv.slice(2);
if (first === '--rolling') process.exitCode = await soakRolling(readNumber(second));
else if (first === '--help') console.log(HELP);
else process.exitCode = await soakKilling(readNumber(first));

async function soakKilling(minutes: number): Promise<number> {
  const stage = await openStage();
  const endsAt = performance.now() + minutes * 60_000;
  const callers = createMixedCallers({
    ...toAsked(stage),
    isOver: () => performance.now() > endsAt,
  });
  let kills = 0;
  const { failures, ...losses } = await run(stage, () =>
    callers.callAll(async () => {
      while (performance.now() + KILL_EVERY_MS < endsAt) {
        await delay(KILL_EVERY_MS);
        const [worker] = stage.workers.splice(0, 1);
        if (!worker) continue;
        callers.noteLost(worker);
        worker.signal('SIGKILL');
        kills += 1;
        stage.workers.push(await stage.addWorker());
      }
    }),
  );
  const broken = losses['error events'] + losses.interrupted;
  const tooMany = broken > kills * PLACES ? [`${broken} were broken off by ${kills} kills`] : [];
  console.log(`Workers killed: ${kills}.`);
  return report(losses, { faults: [...callers.faults, ...tooMany], failures });
}

async function soakRolling(requests: number): Promise<number> {
  const stub = await createAskingStub();
  const stage = await openStage({ CLAUDE_PATH: stub.path }, () => stub.remove());
  const callers = createMixedCallers({
    ...toAsked(stage),
    requests: Math.ceil(requests / CALLERS),
    kinds: PLAIN,
    wordMs: 0,
  });
  const state = { isOver: false, rounds: 0 };
  const roll = async () => {
    do {
      for (const worker of stage.workers.slice()) {
        await replace(stage.workers, worker, await stage.addWorker());
      }
      for (const front of stage.fronts.slice()) {
        await replace(stage.fronts, front, await stage.addFront());
      }
      state.rounds += 1;
    } while (!state.isOver);
  };
  const { failures, ...losses } = await run(stage, async () => {
    let rolling: Promise<void> | undefined;
    const called = await callers.callAll(() => {
      rolling = roll();
      return Promise.resolve();
    });
    state.isOver = true;
    await rolling;
    return called;
  });
  console.log(`Everything was started again ${state.rounds} times.`);
  const broken = losses.sent - losses.answered;
  const tooMany = broken > 0 ? [`${broken} were not answered`] : [];
  return report(losses, { faults: [...callers.faults, ...tooMany], failures });
}

/** `remove` removes what was made for it beside the cluster. */
async function openStage(
  settings: Record<string, string> = {},
  remove: () => Promise<void> = () => Promise.resolve(),
): Promise<Stage> {
  const starting = startCluster({
    fronts: ['front', 'other'],
    workers: ['a', 'b', 'c'],
    settings: {
      CLAUDE_MAX_RETRIES: '0',
      WORKER_CONCURRENCY: String(PLACES),
      LOG_LEVEL: 'error',
      ...settings,
    },
  });
  const stop = async () => {
    await starting.then((cluster) => cluster.stop()).finally(remove);
  };
  endEarly(stop);
  const cluster = await starting;
  for (const front of cluster.fronts) await untilReady(front);
  const everyone = [...cluster.fronts, ...cluster.workers];
  const add = async (how: Cluster['addFront']) => {
    const member = await how(`later-${everyone.length}`);
    everyone.push(member);
    return member;
  };
  return {
    cluster,
    fronts: [...cluster.fronts],
    workers: [...cluster.workers],
    addFront: () => add(cluster.addFront),
    addWorker: () => add(cluster.addWorker),
    everyone,
    stop,
  };
}

function toAsked({ cluster, fronts }: Stage) {
  return { cluster, fronts: () => fronts, callers: CALLERS };
}

/** Tells in the end what the servers say of the requests that failed. */
async function run(
  { everyone, stop }: Stage,
  call: () => Promise<Losses>,
): Promise<Losses & { failures: readonly string[] }> {
  try {
    const losses = await call();
    return { ...losses, failures: everyone.flatMap(toFailures) };
  } finally {
    await stop();
  }
}

function toFailures({ name, output }: Member) {
  const lines = output.split('\n').filter((line) => line.startsWith('{"level":50'));
  return lines.map((line) => `${name}: ${line}`);
}

/** Its follower is there before it leaves. */
async function replace(members: Member[], member: Member, follower: Member) {
  members.splice(members.indexOf(member), 1);
  members.push(follower);
  member.signal('SIGTERM');
  await member.exited;
}

type Found = { faults: readonly string[]; failures: readonly string[] };

function report(losses: Losses, { faults, failures }: Found): number {
  for (const [name, count] of Object.entries(losses)) console.log(`${name.padEnd(14)} ${count}`);
  for (const fault of faults) console.log(`NOT WELL: ${fault}`);
  if (faults.length > 0) for (const line of failures) console.log(line);
  return faults.length > 0 ? 1 : 0;
}

function readNumber(text = '15') {
  const number = Number(text);
  if (number > 0) return number;
  throw new Error('Name a number: npm run soak:cluster -- 15');
}
