import { RunError } from '../run-error.ts';
import { createPatientWrites, type PatientWrites } from '../state/patient-writes.ts';
import type {
  JsonObject,
  ResponseStore,
  StoredResponse,
  UnfinishedResponse,
} from './response-store.ts';

export type ResponseBookOptions = {
  store: ResponseStore;
  /** A response this old, in milliseconds, is gone. */
  ttlMs: number;
  /** How many responses a key may have; beyond that its oldest ones are removed. */
  maxPerKey: number;
  /** How many bytes they may take together; beyond that its oldest ones are removed. */
  maxBytesPerKey: number;
  /** Called with failures to store a response; the answer is sent all the same. Default: nothing. */
  onProblem?: (error: unknown) => void;
  /** Default: what fails is not tried again. */
  writes?: Pick<PatientWrites, 'write'>;
  /** Milliseconds since 1970. Default: the system's clock. */
  now?: () => number;
};

/** The responses of all keys. Another key's response is the same as none. */
export type ResponseBook = {
  find: (id: string, keyId: string) => Promise<StoredResponse | undefined>;
  /** Throws `not-found`. */
  get: (id: string, keyId: string) => Promise<StoredResponse>;
  /** The newest, the newest first, `most` at most. */
  list: (keyId: string, most: number) => Promise<readonly StoredResponse[]>;
  /** Stores the response; older ones may be removed for it. */
  add: (response: StoredResponse) => Promise<void>;
  /** The same, for a response whose caller has it anyway. Waits for one try only, and never throws. */
  save: (response: StoredResponse) => Promise<void>;
  /** The same, for a response that can only be had by its id: waits until it is stored, or given up. Never throws. */
  saveAtLast: (response: StoredResponse) => Promise<void>;
  /** Throws `not-found`. */
  delete: (id: string, keyId: string) => Promise<void>;
  removeExpired: () => Promise<void>;
  /** Ends what a server left unfinished that is gone, in the dialect's words. */
  endUnfinished: (
    toEnded: (response: JsonObject) => JsonObject,
    isLeft: (response: UnfinishedResponse) => Promise<boolean>,
  ) => Promise<void>;
};

/** Makes the book that knows who owns which response, how long it lives, and how many there may be. */
export function createResponseBook({
  store,
  ttlMs,
  maxPerKey,
  maxBytesPerKey,
  onProblem = () => {},
  writes = createPatientWrites({ onProblem }),
  now = Date.now,
}: ResponseBookOptions): ResponseBook {
  const isAlive = ({ createdAt }: StoredResponse) => createdAt > now() - ttlMs;

  const find: ResponseBook['find'] = async (id, keyId) => {
    const response = await store.read(id);
    return response?.keyId === keyId && isAlive(response) ? response : undefined;
  };

  const get: ResponseBook['get'] = async (id, keyId) => {
    const response = await find(id, keyId);
    if (response) return response;
    throw new RunError('not-found', `There is no response with the id ${JSON.stringify(id)}.`, {
      param: 'response_id',
    });
  };

  const makeRoom = async (keyId: string) => {
    const most = { count: maxPerKey, bytes: maxBytesPerKey };
    for (const id of await store.listBeyond(keyId, most)) await store.remove(id);
  };

  const add: ResponseBook['add'] = async (response) => {
    await store.write(response);
    await makeRoom(response.keyId);
  };

  return {
    find,
    get,
    list: async (keyId, most) => (await store.listNewest(keyId, most)).filter(isAlive),
    add,
    save: async (response) => void (await writes.write(() => add(response))),
    async saveAtLast(response) {
      const { settled } = await writes.write(() => add(response));
      await settled;
    },
    async delete(id, keyId) {
      await get(id, keyId);
      await store.remove(id);
    },
    removeExpired: () => store.removeCreatedUntil(now() - ttlMs),
    endUnfinished: (toEnded, isLeft) => endUnfinished(store, toEnded, isLeft),
  };
}

async function endUnfinished(
  store: Pick<ResponseStore, 'listUnfinished' | 'read' | 'write'>,
  ...[toEnded, isLeft]: Parameters<ResponseBook['endUnfinished']>
) {
  for (const unfinished of await store.listUnfinished()) {
    // Its server stores its end before it leaves it.
    const left = (await isLeft(unfinished)) ? await store.read(unfinished.id) : undefined;
    if (!left || left.isFinished) continue;
    await store.write({ ...left, isFinished: true, response: toEnded(left.response) });
  }
}
