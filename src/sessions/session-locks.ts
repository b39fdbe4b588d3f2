import { addAbortListener } from 'node:events';

/** One lock per session id, so that two runs on one session never overlap. */
export type SessionLocks = {
  /** Waits for the lock, first come first served; resolves with its release. Throws the signal's reason. */
  acquire: (id: string, signal: AbortSignal | undefined) => Promise<() => void>;
  /** Takes the lock if it is free; resolves with its release. */
  tryAcquire: (id: string) => Promise<(() => void) | undefined>;
  isHeld: (id: string) => Promise<boolean>;
  /** The session of this lock, which the caller holds, is gone for good. */
  forget: (id: string) => void;
};

/** Makes a set of locks, all free. */
export function createSessionLocks(): SessionLocks {
  /** The waiting line of each lock that is held. */
  const lines = new Map<string, Set<() => void>>();

  const toRelease = (id: string): (() => void) => {
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      const line = lines.get(id);
      const [next] = line ?? [];
      if (next === undefined) lines.delete(id);
      else {
        line?.delete(next);
        next();
      }
    };
  };

  const tryAcquire: SessionLocks['tryAcquire'] = async (id) => {
    if (lines.has(id)) return undefined;
    lines.set(id, new Set());
    return toRelease(id);
  };

  return {
    tryAcquire,
    isHeld: async (id) => lines.has(id),
    forget: () => {},
    async acquire(id, signal) {
      signal?.throwIfAborted();
      const line = lines.get(id);
      if (line !== undefined) await waitIn(line, signal);
      else lines.set(id, new Set());
      return toRelease(id);
    },
  };
}

async function waitIn(line: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  const turn = Promise.withResolvers<void>();
  const leave = (): void => {
    line.delete(turn.resolve);
    turn.reject(signal?.reason);
  };
  line.add(turn.resolve);
  using _listener = signal && addAbortListener(signal, leave);
  await turn.promise;
}
