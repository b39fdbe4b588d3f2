export type RunName = { id: string; keyId: string };

export type OpenInputsOptions = {
  /** Longest time that one stays open, in milliseconds. */
  timeoutMs: number;
  /** Runs that may wait at once, of one key and of all. */
  maxPerKey: number;
  max: number;
  /** Told of one whose time is over. */
  onLate: (id: string) => void;
  /** Asked every other second, while any is open, whether the run's key still holds. */
  checkKey: (id: string, run: RunName) => Promise<void>;
};

type Open = { run: RunName; timer: NodeJS.Timeout };

/** How often the keys of those who wait are looked at, in milliseconds: a revoked one gets no leave. */
const KEY_CHECK_MS = 2000;

/** Makes the list of what runs wait for now, with its clocks. */
export function createOpenInputs(options: OpenInputsOptions) {
  const { timeoutMs, onLate, checkKey } = options;
  const open = new Map<string, Open>();
  let keyTimer: NodeJS.Timeout | undefined;

  const checkKeys = () => {
    for (const [id, { run }] of open) void checkKey(id, run);
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
    /** Returns whether there is room for it; it stands in the list in any case, until it is settled. */
    add(id: string, run: RunName) {
      const hasRoom = isWithinBounds([...open.values()], run, options);
      open.set(id, { run, timer: setTimeout(onLate, timeoutMs, id).unref() });
      watchKeys();
      return hasRoom;
    },
    forget,
    find: (id: string) => open.get(id)?.run,
    /** Other runs of the same key that waited before this came. */
    countEarlier(id: string) {
      const ids = [...open.keys()];
      const own = open.get(id)?.run;
      const earlier = ids.slice(0, ids.indexOf(id)).flatMap((one) => open.get(one)?.run ?? []);
      const others = earlier.filter((run) => run.keyId === own?.keyId && run.id !== own.id);
      return new Set(others.map((run) => run.id)).size;
    },
    ofRun: (runId: string) => [...open].flatMap(([id, { run }]) => (run.id === runId ? [id] : [])),
    close: () => {
      for (const id of open.keys()) forget(id);
    },
  };
}

function isWithinBounds(
  open: readonly Open[],
  self: RunName,
  { max, maxPerKey }: Pick<OpenInputsOptions, 'max' | 'maxPerKey'>,
) {
  const others = open.map(({ run }) => run).filter(({ id }) => id !== self.id);
  const count = (runs: readonly RunName[]) => new Set(runs.map(({ id }) => id)).size;
  const ofKey = others.filter(({ keyId }) => keyId === self.keyId);
  return count(others) < max && count(ofKey) < maxPerKey;
}
