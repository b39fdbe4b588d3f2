import { z } from 'zod';

import { RunError } from '../../run-error.ts';
import type { InputAnswer, InputRequest } from '../../run-input.ts';
import type { SharedState } from '../../state/shared-state.ts';
import type { InputStore, StoredInput } from '../input-store.ts';
import { ANSWER, ASK } from './scripts.ts';

const Asked = z.object({
  runId: z.string(),
  keyId: z.string(),
  createdAt: z.number(),
  expiresAt: z.number(),
  request: z.custom<InputRequest>(), // as it was added
});

/** Keeps what runs wait for in the Redis of a cluster, below the key of the runs; `ttlMs` is the longest that it is kept. */
export function createSharedInputs(
  { ask, run, encrypt, decrypt }: SharedState,
  root: string,
  ttlMs: number,
): InputStore {
  const toPlace = (id: string, what: string) => `input ${id} ${what}`;

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
  };
}
