import { z } from 'zod';

import { RunError } from '../../run-error.ts';
import type { InputAnswer, InputRequest } from '../../run-input.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { InputStore, StoredInput } from '../input-store.ts';
import { SHARED } from './scripts.ts';

const Asked = z.object({
  runId: z.string(),
  keyId: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
  request: z.custom<InputRequest>(), // as it was added
});

/** ARGV: id, run, request, ttl. Returns whether the run is there, and has not ended. */
const ASK = `${SHARED}
local id, run = ARGV[1], ARGV[2]
local key = root .. ':input:' .. id
if redis.call('EXISTS', key) == 1 then return 1 end
if not exists(run) or field(run, 'endedAt') then return 0 end
redis.call('HSET', key, 'run', run, 'owner', field(run, 'owner'), 'request', ARGV[3])
redis.call('PEXPIRE', key, ARGV[4])
redis.call('SADD', root .. ':inputs:' .. run, id)
local asked = root .. ':asked:' .. field(run, 'owner')
redis.call('ZADD', asked, redis.call('INCR', root .. ':number'), id)
redis.call('PEXPIRE', asked, ARGV[4])
touch(run, ARGV[4])
return 1
`;

/** ARGV: id, answer, or empty when it is withdrawn. Returns whether it is the first. */
const ANSWER = `${SHARED}
local key = root .. ':input:' .. ARGV[1]
if redis.call('EXISTS', key) == 0 then return 0 end
if redis.call('HEXISTS', key, 'answer') == 1 or redis.call('HEXISTS', key, 'withdrawn') == 1 then return 0 end
if ARGV[2] == '' then redis.call('HSET', key, 'withdrawn', 1) else redis.call('HSET', key, 'answer', ARGV[2]) end
redis.call('ZREM', root .. ':asked:' .. redis.call('HGET', key, 'owner'), ARGV[1])
return 1
`;

/** ARGV: id, answer. */
const REPLACE = `${SHARED}
local key = root .. ':input:' .. ARGV[1]
if redis.call('HEXISTS', key, 'answer') == 1 then redis.call('HSET', key, 'answer', ARGV[2]) end
`;

/** Keeps what runs wait for in the Redis of a cluster, below the key of the runs; `ttlMs` is the longest that it is kept. */
export function createSharedInputs(
  { ask, run, encrypt, decrypt }: SharedState,
  root: string,
  ttlMs: number,
): InputStore {
  const read = async (id: string): Promise<StoredInput | undefined> => {
    const fields = await ask((redis) => redis.hgetallBuffer(`${root}:input:${id}`));
    const { request, answer, withdrawn } = fields;
    if (!request) return undefined;
    const asked = Asked.parse(JSON.parse(decrypt(request, toPlace(id, 'request'))));
    const given = answer
      ? (JSON.parse(decrypt(answer, toPlace(id, 'answer'))) as InputAnswer) // as it was given
      : undefined;
    return { id, ...asked, answer: given ?? (withdrawn ? 'withdrawn' : undefined) };
  };

  return {
    async add({ id, ...asked }) {
      const request = encrypt(JSON.stringify(asked), toPlace(id, 'request'));
      const isAdded = await run(ASK, [root], [id, asked.runId, request, ttlMs]);
      if (isAdded !== 1) throw new RunError('conflict', 'The run has ended.');
    },
    read,
    async list(keyId) {
      const ids = await ask((redis) => redis.zrange(`${root}:asked:${keyId}`, '0', '-1'));
      const found = await Promise.all(ids.map(read));
      return found.filter((one) => one !== undefined && one.answer === undefined) as StoredInput[]; // those that are there
    },
    async answer(id, answer) {
      const sealed =
        answer === 'withdrawn' ? '' : encrypt(JSON.stringify(answer), toPlace(id, 'answer'));
      return (await run(ANSWER, [root], [id, sealed])) === 1;
    },
    async forgetResult(id) {
      const found = (await read(id))?.answer;
      if (typeof found !== 'object' || found.decision !== 'allow' || !found.result) return;
      const rest = { ...found, result: undefined };
      await run(REPLACE, [root], [id, encrypt(JSON.stringify(rest), toPlace(id, 'answer'))]);
    },
  };
}

function toPlace(id: string, what: string) {
  return `input ${id} ${what}`;
}
