import type { CliProcess } from '../process/cli-process.ts';

type Reserved = { process: CliProcess; key: string; timer: NodeJS.Timeout };

/** Keeps processes reserved for sessions, by the session's id; one that is not claimed in time is ended. */
export function createReservations(longestMs: number) {
  /** The oldest first. */
  const reserved = new Map<string, Reserved>();

  const take = (id: string) => {
    const entry = reserved.get(id);
    clearTimeout(entry?.timer);
    reserved.delete(id);
    return entry;
  };

  const end = (id: string) => {
    void take(id)?.process.end();
  };

  return {
    /** `key` names the launch that the process was started with. */
    add(id: string, process: CliProcess, key: string) {
      const timer = setTimeout(end, longestMs, id).unref();
      reserved.set(id, { process, key, timer });
      void process.exited.then(() => end(id));
    },
    take,
    /** Ends the oldest one; returns whether there was one. */
    evict() {
      const [oldest] = reserved.keys();
      if (oldest !== undefined) end(oldest);
      return oldest !== undefined;
    },
    endAll() {
      for (const id of reserved.keys()) end(id);
    },
    size: () => reserved.size,
  };
}
