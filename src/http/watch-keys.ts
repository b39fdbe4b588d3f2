import { RunError } from '../run-error.ts';

/** A look at what a caller showed that is repeated until `end`. */
export type WatchedKey = {
  /** Aborts, with `unauthenticated`, when the key holds no more. */
  signal: AbortSignal;
  end: () => void;
};

export type WatchKey = (caller: WatchedCaller) => WatchedKey;

type WatchedCaller = {
  isKeyValid: () => Promise<boolean>;
  /** Whether the key may end without a change of the keys, as that of a page does when its user signs out. */
  isSignedIn: boolean;
};

type Entry = WatchedCaller & {
  controller: AbortController;
  /** The keys for which it was found valid. */
  seen: string | undefined;
};

/** How often is looked; it costs one look at the file, or one question to Redis, for all callers. */
const INTERVAL_MS = 500;

/**
 * Makes the watch over the keys of callers who stay: with a WebSocket, or a stream of events that has no end.
 * It looks while there are any, and asks each only when the keys changed. Keys that cannot be read at present hold.
 */
export function createKeyWatch(
  readRevision: () => Promise<string>,
  intervalMs: number = INTERVAL_MS,
): WatchKey {
  const entries = new Set<Entry>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  const remove = (entry: Entry) => {
    entries.delete(entry);
    if (entries.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const check = async (entry: Entry, revision: string) => {
    if (await entry.isKeyValid()) {
      entry.seen = revision;
      return;
    }
    remove(entry);
    entry.controller.abort(toEndedError());
  };

  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      const revision = await readRevision();
      const asked = [...entries].filter(({ seen, isSignedIn }) => isSignedIn || seen !== revision);
      await Promise.allSettled(asked.map((entry) => check(entry, revision)));
    } catch {
      // The next look may find them again.
    } finally {
      isLooking = false;
    }
  };

  return (caller) => {
    const entry: Entry = { ...caller, controller: new AbortController(), seen: undefined };
    entries.add(entry);
    timer ??= setInterval(() => void look(), intervalMs).unref();
    return { signal: entry.controller.signal, end: () => remove(entry) };
  };
}

/** The key of a caller who is still here holds no more. */
export function toEndedError(): RunError {
  return new RunError(
    'unauthenticated',
    'This key holds no more: it was revoked, has another text by now, or may do less.',
  );
}
