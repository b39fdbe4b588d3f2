import type { ResponseStore, StoredResponse } from './response-store.ts';

/** A store that forgets everything when the process ends. */
export function createMemoryStore(): ResponseStore {
  const responses = new Map<string, StoredResponse>();
  const all = () => [...responses.values()].toReversed();
  const newestOf = (keyId: string) =>
    all()
      .filter((response) => response.keyId === keyId)
      .toSorted((one, other) => other.createdAt - one.createdAt);

  return {
    read: async (id) => responses.get(id),
    async write(response) {
      // Anew, so that the order is that of the last write.
      responses.delete(response.id);
      responses.set(response.id, response);
    },
    remove: async (id) => void responses.delete(id),
    listNewest: async (keyId, most) => newestOf(keyId).slice(0, most),
    listSizes: async (keyId) =>
      newestOf(keyId).map((response) => ({ id: response.id, bytes: toBytes(response) })),
    listUnfinished: async () => all().filter((response) => !response.isFinished),
    async removeCreatedUntil(time) {
      for (const { id, createdAt } of all()) if (createdAt <= time) responses.delete(id);
    },
    close: async () => responses.clear(),
  };
}

function toBytes({ response, input, events }: StoredResponse): number {
  return Buffer.byteLength([response, input, events].map((part) => JSON.stringify(part)).join(''));
}
