import type { CliStatus, PlanLimit } from '../../backend.ts';
import {
  compareVersions,
  isOfLaterSeries,
  isOlder,
  NEWEST_TRIED_CLI,
  OLDEST_CLI,
} from '../../common/cli-versions.ts';
import type { ClusterState, HealthParts } from './health.ts';
import { toWindowTitle } from '../../common/plan-windows.ts';

/** What is looked at to see whether all is well. */
export type ConditionParts = Pick<
  HealthParts,
  | 'queue'
  | 'maxQueueSize'
  | 'isDraining'
  | 'isCountedInMemory'
  | 'isStored'
  | 'cluster'
  | 'planLimits'
  | 'cliVersion'
  | 'readKnownStatus'
>;

type Situation = ConditionParts & { status: CliStatus | undefined };

type Rule = {
  holds: (situation: Situation) => boolean;
  /** Whether requests are not carried out meanwhile. */
  stopsRequests: boolean;
  /** Whether it stays until somebody does something. */
  needsPerson: boolean;
  /** What happened; a function where that has figures. */
  what: string | ((situation: Situation) => string);
  /** What to do; commands stand in backticks. */
  todo: string;
};

/** Everything that is not as it should be: `/ready`, the page and the alerts tell of these. */
const RULES = {
  'cli-silent': {
    holds: ({ status, cluster }) => (cluster ? isEach(cluster, null) : status === undefined),
    stopsRequests: true,
    needsPerson: true,
    what: 'The claude CLI does not tell how it is.',
    todo: 'Soon after a start that passes. If it stays, run `claude-code-proxy doctor` on the server.',
  },
  'not-logged-in': {
    holds: ({ status, cluster }) =>
      cluster ? isEach(cluster, false) : status?.isLoggedIn === false,
    stopsRequests: true,
    needsPerson: true,
    what: 'The claude CLI is not logged in: every request fails.',
    todo: 'On the server run `claude` and then `/login` in it, or set `ANTHROPIC_API_KEY` and restart.',
  },
  'redis-lost': {
    holds: ({ cluster }) => cluster?.isUp() === false,
    stopsRequests: true,
    needsPerson: true,
    what: 'Redis does not answer: no request reaches a worker.',
    todo: 'See that Redis runs; the server connects again by itself.',
  },
  'no-worker': {
    holds: ({ cluster }) => cluster?.workers().length === 0,
    stopsRequests: true,
    needsPerson: true,
    what: 'There is no worker: requests wait until one comes.',
    todo: 'Start a worker, or look at the log of the one that there was.',
  },
  draining: {
    holds: ({ isDraining }) => isDraining(),
    stopsRequests: true,
    needsPerson: false,
    what: 'The server stops: it takes nothing new.',
    todo: 'What is running is allowed to finish; start the server again after that.',
  },
  'queue-full': {
    holds: ({ queue, maxQueueSize }) => isFull(queue(), maxQueueSize),
    stopsRequests: true,
    needsPerson: false,
    what: 'The queue is full: new requests are refused.',
    todo: 'Wait, stop some of those below, or start the server with more places (WORKER_CONCURRENCY).',
  },
  'limits-in-memory': {
    holds: ({ isCountedInMemory }) => isCountedInMemory(),
    stopsRequests: false,
    needsPerson: true,
    what: 'The state folder cannot be written: the limits of keys are counted in memory only.',
    todo: 'Most likely its disk is full; make room. A restart before that forgets the counts.',
  },
  'nothing-stored': {
    holds: ({ isStored }) => !isStored(),
    stopsRequests: false,
    needsPerson: true,
    what: 'The state folder cannot be written: what has to be kept is refused.',
    todo: 'Most likely its disk is full; make room. Requests that keep nothing are answered meanwhile.',
  },
  'plan-limit-reached': {
    holds: (situation) => listReached(situation).length > 0,
    stopsRequests: false,
    needsPerson: true,
    what: (situation) => listReached(situation).map(toPlanSentence).join(' '),
    todo: 'Until then Anthropic refuses requests of this login, unless usage beyond the plan is paid for. An `ANTHROPIC_API_KEY` is another way.',
  },
  'plan-limit-near': {
    holds: (situation) => listNear(situation).length > 0,
    stopsRequests: false,
    needsPerson: true,
    what: (situation) => listNear(situation).map(toPlanSentence).join(' '),
    todo: 'When it is used up, Anthropic refuses requests of this login until then. Put off what can wait; the page Usage tells who uses the most.',
  },
  'cli-outdated': {
    holds: (situation) => listVersions(situation).some((version) => isOlder(version, OLDEST_CLI)),
    stopsRequests: false,
    needsPerson: true,
    what: (situation) =>
      `The claude CLI is version ${listVersions(situation).toSorted(compareVersions)[0]}: ${OLDEST_CLI} is the oldest that keeps callers' texts from being run as commands.`,
    todo: 'Run `claude update`, or `npm install -g @anthropic-ai/claude-code@latest`, and restart the server.',
  },
  'cli-untried': {
    holds: (situation) => listVersions(situation).some(isOfLaterSeries),
    stopsRequests: false,
    needsPerson: true,
    what: (situation) =>
      `The claude CLI is version ${listVersions(situation).toSorted(compareVersions).at(-1)}: this server was tried with ${OLDEST_CLI} to ${NEWEST_TRIED_CLI}.`,
    todo: 'Run `claude-code-proxy doctor`; a newer version of the server may know that CLI.',
  },
} satisfies Record<string, Rule>;

/** Something that is not as it should be. */
export type Condition = Omit<Rule, 'holds' | 'what'> & { name: keyof typeof RULES; what: string };

/** What holds now, told at once: the CLI is asked no more often than `readKnownStatus` asks. */
export async function readConditions(parts: ConditionParts): Promise<readonly Condition[]> {
  const situation = { ...parts, status: await parts.readKnownStatus() };
  const names = Object.keys(RULES) as Condition['name'][]; // `keys` forgets the names
  return names.flatMap((name) => {
    const { holds, what, ...condition }: Rule = RULES[name];
    if (!holds(situation)) return [];
    return [{ name, ...condition, what: typeof what === 'string' ? what : what(situation) }];
  });
}

/** Something that needs a person, and what to do. */
export type Trouble = { name: Condition['name']; advice: string };

/** Those that need a person. */
export function toTroubles(conditions: readonly Condition[]): readonly Trouble[] {
  return conditions
    .filter(({ needsPerson }) => needsPerson)
    .map(({ name, what, todo }) => ({ name, advice: `${what} ${todo}` }));
}

/** Of all workers; where there is none, that is a condition of its own. */
function isEach({ workers }: ClusterState, isLoggedIn: boolean | null) {
  return workers().length > 0 && workers().every(({ loggedIn }) => loggedIn === isLoggedIn);
}

function isFull(queue: ReturnType<ConditionParts['queue']>, maxQueueSize: number) {
  return queue.running >= queue.concurrency && queue.waiting >= maxQueueSize;
}

/** From this share on a window of the plan is nearly used up. */
const NEARLY = 0.8;

function listReached({ planLimits }: Situation) {
  return planLimits().filter(({ isReached }) => isReached);
}

function listNear({ planLimits }: Situation) {
  return planLimits().filter(({ isReached, used }) => !isReached && used >= NEARLY);
}

function toPlanSentence({ window, used, resetsAtMs }: PlanLimit) {
  const resetsAt = new Date(resetsAtMs).toISOString().slice(0, 'YYYY-MM-DDThh:mm'.length);
  return `The plan's ${toWindowTitle(window)} limit is ${Math.floor(used * 100)}\u00A0% used up; it begins anew at ${resetsAt.replace('T', ' ')} UTC.`;
}

/** What is known of: of each worker where there are some, else as the CLI last told. */
function listVersions({ cluster, status, cliVersion }: Situation) {
  const all = cluster
    ? cluster.workers().map((worker) => worker.cliVersion)
    : [status?.version ?? cliVersion];
  return all.filter((version) => /^\d+\.\d+\.\d+/.test(version));
}
