import { randomUUID } from 'node:crypto';

import { LEFT_MS, type Names } from './names.ts';
import { type ClusterRedis, inOnePacket } from './open-redis.ts';

/** How long it stays after its end, in milliseconds. */
const ENDED_MS = 30_000;

export type NewRecord = {
  front: string;
  keyId: string;
  kind: 'agent' | 'chat';
  /** Longest wait in the queue, in milliseconds; 0 is as long as it takes. */
  waitMs: number;
  maxQueueSize: number;
  /** Free places in the whole cluster. */
  places: number;
  request: Buffer;
  /** The key of the fronts' own record of it, if there may be one. */
  record: string | undefined;
  /** Who may have it. */
  placing: {
    /** Workers that may, and those of them that have a free place, the best first. */
    able: readonly string[];
    free: readonly string[];
    /** The only one that may. */
    pinnedTo: string | undefined;
    /** Keys under which stands who holds its conversation, the best first. */
    held: readonly string[];
    /** What a worker is told that is to claim it at once, as nobody waits. */
    offer: string;
  };
};

export type AppendedBatch = {
  attempt: number;
  seq: number;
  hasBegun: boolean;
  isLast: boolean;
  data: Buffer;
};

/** How runs stand, in Redis; each change happens at one blow (`scripts.ts`). */
export type RunRecords = ReturnType<typeof createRunRecords>;

/** Makes what changes the records of runs. */
export function createRunRecords({ cluster, names }: { cluster: ClusterRedis; names: Names }) {
  const { prefix } = names;
  const { run: change } = cluster;
  return {
    /**
     * Resolves with the run's priority, by how much what waits has to be moved forward before, the worker that was offered
     * it, and the one that holds its conversation, or is the only one; or with `full`.
     */
    async submit(id: string, record: NewRecord) {
      const { front, keyId, kind, waitMs, maxQueueSize, places, request, placing } = record;
      const { able, free, offer, pinnedTo = '', held } = placing;
      const own = [record.record ?? '', able.join(' '), free.join(' '), offer, pinnedTo, ...held];
      const rest = [kind, waitMs, maxQueueSize, places, LEFT_MS, request, ...own];
      return toSubmitted(await change('SUBMIT', names.run(id), prefix, id, front, keyId, ...rest));
    },
    /**
     * Gives a run to a worker, with its sealed request, unless another one has it, or nobody wants it any more.
     * `isSettled`: whether it is known who is lost. If so, also one whose worker is lost, and none whose front is.
     */
    claim: createClaim({ cluster, names }),
    /** Resolves with the bytes that its front has not read yet; `undefined` when the run went elsewhere. */
    async append(id: string, batch: AppendedBatch): Promise<number | undefined> {
      const { attempt, seq, hasBegun, isLast, data } = batch;
      const what = [attempt, seq, Number(hasBegun), Number(isLast), data.length, data, ENDED_MS];
      const answer = await change('APPEND', names.run(id), prefix, ...what);
      const [verdict, ahead] = answer as ['ok' | 'fenced', number]; // as APPEND returns
      return verdict === 'ok' ? ahead : undefined;
    },
    /** Ends a run of which its worker cannot say more, or whose front was not heard of, and tells that front. */
    abandon: (id: string, attempt: number, reason: 'lost' | 'elsewhere') =>
      change('ABANDON', names.run(id), prefix, attempt, ENDED_MS, reason),
    /** Looks after a run of a front; `again` means that it waits anew: its worker was lost, or the front itself seemed so. */
    async recover(id: string) {
      const answer = await change('RECOVER', names.run(id), prefix, ENDED_MS, LEFT_MS);
      const [state, attempt] = answer as [string, number | string]; // as RECOVER returns
      return { state, attempt };
    },
    /** Resolves with the attempt when the run waits anew, and else with why not. */
    async handBack(id: string, attempt: number): Promise<number | 'fenced' | 'kept'> {
      const answer = await change('HAND_BACK', names.run(id), prefix, attempt);
      const [verdict, next] = answer as ['again' | 'fenced' | 'kept', number]; // as HAND_BACK returns
      return verdict === 'again' ? next : verdict;
    },
    /** Ends a run of which nothing more is wanted, and tells its worker. */
    cancel: (id: string) => change('CANCEL', names.run(id), prefix, ENDED_MS),
    noteRead: (id: string, bytes: number) => change('READ', names.run(id), bytes),
    async isAtWork(id: string, attempt: number): Promise<boolean> {
      const [state, now] = await cluster.redis.hmget(names.run(id), 'state', 'attempt');
      return state === 'running' && Number(now) === attempt;
    },
    async readAhead(id: string): Promise<number> {
      const [sent, read] = await cluster.redis.hmget(names.run(id), 'sent', 'read');
      return Number(sent ?? 0) - Number(read ?? 0);
    },
    hasFront: async (front: string) => (await cluster.redis.exists(names.front(front))) === 1,
  };
}

function createClaim({ cluster, names }: { cluster: ClusterRedis; names: Names }) {
  return async (id: string, worker: string, isSettled: boolean) => {
    const rest = [worker, ENDED_MS, Number(isSettled), randomUUID()];
    const [answer, request] = await inOnePacket(cluster.redis, () =>
      Promise.all([
        cluster.run('CLAIM', names.run(id), names.prefix, ...rest),
        cluster.redis.getBuffer(names.request(id)),
      ]),
    );
    const [verdict, attempt, front] = answer as ['yours' | 'held' | 'gone', number, string]; // as CLAIM returns
    return { verdict, attempt, front, request };
  };
}

function toSubmitted(answer: unknown) {
  if (answer === 'full') return answer;
  const [priority, moved, offered, holder] = answer as [number, number, string, string]; // as SUBMIT returns
  return { priority, moved, offeredTo: offered || undefined, holder: holder || undefined };
}
