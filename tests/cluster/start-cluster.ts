import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import {
  type ModelServer,
  startModelServer,
  type UpstreamRequest,
} from '../../src/demo/model-server.ts';
import { COMPILE_CACHE } from '../support/compile-cache.ts';
import { endProgram, type Program, startProgram } from '../support/start-program.ts';
import { cleanUp, createSend, KEY, type Proxy, toCliEnvironment } from '../support/start-proxy.ts';
import { openLoopback, openNetwork, type Place } from './open-network.ts';
import { type RedisServer, startRedis } from './start-redis.ts';

const ROOT = join(import.meta.dirname, '../..');

const SECRET = 'a-secret-of-this-cluster-0123456789';

/** A program of a cluster: a front, or a worker, whose name the model hears with each request. */
export type Member = Pick<Program, 'pid' | 'url' | 'exited'> &
  Pick<Place, 'cut' | 'mend'> & {
    name: string;
    /** Its folders: `state`, `home`, `workspace`. */
    folder: string;
    send: Proxy['send'];
    signal: (signal: NodeJS.Signals) => void;
    readonly output: string;
  };

export type Cluster = {
  redis: RedisServer;
  /** The one model behind all workers. */
  model: ModelServer;
  fronts: readonly Member[];
  workers: readonly Member[];
  /** Another one, or one anew on the folders of a former one of this name. */
  addWorker: (name: string, settings?: Settings) => Promise<Member>;
  addFront: (name: string, settings?: Settings) => Promise<Member>;
  /** Ends all of it, members that are just starting, too; after that none can be added. */
  stop: () => Promise<void>;
};

type Settings = Record<string, string>;

export type ClusterOptions = {
  fronts?: readonly string[];
  workers?: readonly string[];
  settings?: Settings;
  /** Whether the members' links to Redis can be cut. Default: false. */
  hasLinks?: boolean;
};

/** Short, so that a test need not wait, and yet longer than a busy machine stops a program. */
const LEASES = { WORKER_LOCK_MS: '3000', STALLED_INTERVAL_MS: '1000' };

/** Programs of their own, on one Redis and one model. */
export async function startCluster({
  fronts = ['front'],
  workers = ['a', 'b'],
  settings = {},
  hasLinks = false,
}: ClusterOptions = {}): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  const network = hasLinks ? openNetwork() : openLoopback();
  const [redis, model] = await Promise.all([
    startRedis(network.redis),
    startModelServer({ host: network.modelHost }),
  ]);
  const programs: Promise<Program>[] = [];
  let ended: Promise<void> | undefined;

  const add = async (role: 'front' | 'worker', name: string, own: Settings): Promise<Member> => {
    const home = join(folder, name);
    await mkdir(join(home, 'home'), { recursive: true });
    const { host, redisUrl, command, cut, mend } = await network.join(name, redis.url);
    if (ended) throw new Error(`The cluster is ending, so ${name} is not started.`);
    const starting = startMember(role, command, {
      ...toEnvironment(home, model),
      ANTHROPIC_CUSTOM_HEADERS: `x-worker: ${name}`,
      HOST: host,
      REDIS_URL: redisUrl,
      ...LEASES,
      ...settings,
      ...own,
    });
    programs.push(starting);
    const program = await starting;
    return {
      name,
      folder: home,
      pid: program.pid,
      url: program.url,
      exited: program.exited,
      cut,
      mend,
      send: createSend(program.url, { connection: 'close' }),
      signal: (signal) => void process.kill(program.pid, signal),
      get output() {
        return program.output;
      },
    };
  };
  const end = async () => {
    const started = await Promise.allSettled(programs);
    await Promise.all(
      started.flatMap((one) => (one.status === 'fulfilled' ? [endProgram(one.value)] : [])),
    );
    await redis.stop();
    await cleanUp(folder, model);
    await network.close();
  };
  const stop = () => (ended ??= end());
  const adding = [
    ...workers.map((name) => add('worker', name, {})),
    ...fronts.map((name) => add('front', name, {})),
  ];
  const started = await Promise.all(adding).catch(async (error: unknown) => {
    await Promise.allSettled(adding);
    await stop();
    throw error;
  });
  return {
    redis,
    model,
    workers: started.slice(0, workers.length),
    fronts: started.slice(workers.length),
    addWorker: (name, own = {}) => add('worker', name, own),
    addFront: (name, own = {}) => add('front', name, own),
    stop,
  };
}

function startMember(
  role: 'front' | 'worker',
  before: readonly string[],
  environment: Record<string, string | undefined>,
) {
  const own = [process.execPath, join(ROOT, 'src/bin.ts'), `--role=${role}`];
  const [command = '', ...args] = [...before, ...own];
  return startProgram(command, args, {
    cwd: environment['HOME'] ?? ROOT,
    env: environment,
    hasStarted: role === 'front' ? undefined : /^CLI: .*\n/m,
  });
}

function toEnvironment(folder: string, model: ModelServer) {
  return {
    PATH: [join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    ...toCliEnvironment(folder, model),
    STATE_DIR: join(folder, 'state'),
    DEFAULT_WORKSPACE_DIR: join(folder, 'workspace'),
    PORT: '0',
    PROXY_API_KEY: KEY,
    CLUSTER_SECRET: SECRET,
    WARM_PROCESSES: '0',
    SHUTDOWN_GRACE_MS: '20000',
    ...COMPILE_CACHE,
  };
}

/** The name of the worker from which the model was asked. */
export function nameOf({ headers }: UpstreamRequest): string {
  return String(headers['x-worker']);
}

/** Resolves when a front would carry a request out; or, with 503, when it would not. */
export async function untilReady(front: Member, wanted: 200 | 503 = 200): Promise<void> {
  for (;;) {
    const { status } = await front.send('/ready');
    if (status === wanted) return;
    await delay(100);
  }
}

/** Resolves when a front sees so many workers. */
export async function untilWorkers(front: Member, wanted: number): Promise<void> {
  for (;;) {
    const response = await front.send('/api/admin/status');
    const { cluster } = (await response.json()) as { cluster: { workers: object[] } }; // as the route tells
    if (cluster.workers.length === wanted) return;
    await delay(100);
  }
}
