export type RunName = { id: string; keyId: string };

export type OpenInputsOptions = {
  /** Longest time that one stays open, in milliseconds. */
  timeoutMs: number;
  /** Runs that may wait at once here. */
  max: number;
  /** Told of one whose time is over. */
  onLate: (id: string) => void;
  /** Asked every other second, while any is open, whether the run's key still holds. */
  checkKey: (id: string, run: RunName) => Promise<void>;
  /** Told of what could not be asked. */
  onProblem: (error: unknown) => void;
};

type Open = { run: RunName; timer: NodeJS.Timeout };

/** How often the keys of those who wait are looked at, in milliseconds: a revoked one gets no leave. */
const KEY_CHECK_MS = 2000;

/** Makes the list of what runs wait for now, with its clocks. */
export function createOpenInputs(options: OpenInputsOptions) {
  const { timeoutMs, max, onLate, checkKey, onProblem } = options;
  const open = new Map<string, Open>();
  let keyTimer: NodeJS.Timeout | undefined;

  const checkKeys = () => {
    for (const [id, { run }] of open) void checkKey(id, run).catch(onProblem);
  };

  const watchKeys = () => {
    if (open.size > 0) keyTimer ??= setInterval(checkKeys, KEY_CHECK_MS).unref();
    else {
      clearInterval(keyTimer);
      keyTimer = undefined;
    }
  };

  const forget = (id: string) => {
    clearTimeout(open.get(id)?.timer);
    open.delete(id);
    watchKeys();
  };

  return {
    /** Returns whether there is room for one more run; it stands in the list in any case, until it is settled. */
    add(id: string, run: RunName) {
      const hasRoom = countRuns([...open.values()], run) < max;
      open.set(id, { run, timer: setTimeout(onLate, timeoutMs, id).unref() });
      watchKeys();
      return hasRoom;
    },
    forget,
    find: (id: string) => open.get(id)?.run,
    ofRun: (runId: string) => [...open].flatMap(([id, { run }]) => (run.id === runId ? [id] : [])),
    close: () => {
      for (const id of open.keys()) forget(id);
    },
  };
}

function countRuns(open: readonly Open[], self: RunName) {
  return new Set(open.map(({ run }) => run.id).filter((id) => id !== self.id)).size;
}
