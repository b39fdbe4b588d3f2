export type RunName = { id: string; keyId: string };

export type OpenInputsOptions = {
  /** Longest time that one stays open, in milliseconds. */
  timeoutMs: number;
  /** Runs that may wait at once here. */
  max: number;
  /** Told of one whose time is over. */
  onLate: (id: string) => void;
  /** Looks every other second at each that is open. */
  look: (id: string, run: RunName) => Promise<void>;
  /** Told of what could not be looked at. */
  onProblem: (error: unknown) => void;
};

type Open = { run: RunName; timer: NodeJS.Timeout };

/** How often those that are open are looked at, in milliseconds: a revoked key gets no leave. */
const LOOK_MS = 2000;

/** Makes the list of what runs wait for now, with its clocks. */
export function createOpenInputs(options: OpenInputsOptions) {
  const { timeoutMs, max, onLate, look, onProblem } = options;
  const open = new Map<string, Open>();
  let lookTimer: NodeJS.Timeout | undefined;

  const lookAtAll = () => {
    for (const [id, { run }] of open) void look(id, run).catch(onProblem);
  };

  const keepLooking = () => {
    if (open.size > 0) lookTimer ??= setInterval(lookAtAll, LOOK_MS).unref();
    else {
      clearInterval(lookTimer);
      lookTimer = undefined;
    }
  };

  const forget = (id: string) => {
    clearTimeout(open.get(id)?.timer);
    open.delete(id);
    keepLooking();
  };

  return {
    /** Returns whether there is room for one more run; it stands in the list in any case, until it is settled. */
    add(id: string, run: RunName) {
      const hasRoom = countRuns([...open.values()], run) < max;
      open.set(id, { run, timer: setTimeout(onLate, timeoutMs, id).unref() });
      keepLooking();
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
