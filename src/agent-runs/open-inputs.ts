export type RunName = { id: string; keyId: string };

export type OpenInputsOptions = {
  /** Longest time that one stays open, in milliseconds. */
  timeoutMs: number;
  /** Takes room for one more run that waits; resolves with what frees it, or with `undefined` where none is left. */
  takeRoom: () => Promise<(() => Promise<void>) | undefined>;
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
  const { timeoutMs, onLate, look, onProblem } = options;
  const open = new Map<string, Open>();
  const rooms = createRooms(options);
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

  const ofRun = (runId: string) =>
    [...open].flatMap(([id, { run }]) => (run.id === runId ? [id] : []));

  const forget = (id: string) => {
    const found = open.get(id);
    clearTimeout(found?.timer);
    open.delete(id);
    keepLooking();
    if (found && ofRun(found.run.id).length === 0) rooms.leave(found.run.id);
  };

  return {
    add(id: string, run: RunName) {
      open.set(id, { run, timer: setTimeout(onLate, timeoutMs, id).unref() });
      keepLooking();
    },
    /** Takes room for the run of this one; resolves with whether there is. */
    async hasRoom(id: string) {
      const runId = open.get(id)?.run.id;
      return runId === undefined || rooms.enter(runId);
    },
    forget,
    find: (id: string) => open.get(id)?.run,
    ofRun,
    close: () => {
      for (const id of open.keys()) forget(id);
    },
  };
}

/** The rooms of the runs that wait: each has one, whatever it waits for. */
function createRooms({ takeRoom, onProblem }: OpenInputsOptions) {
  const rooms = new Map<string, ReturnType<OpenInputsOptions['takeRoom']>>();

  /** A run that cannot be counted at present is let wait. */
  const take = async () => {
    try {
      return await takeRoom();
    } catch (error) {
      onProblem(error);
      return freeNothing;
    }
  };

  return {
    /** Resolves with whether there is room for the run. */
    async enter(runId: string): Promise<boolean> {
      const room = rooms.get(runId) ?? take();
      rooms.set(runId, room);
      return (await room) !== undefined;
    },
    leave(runId: string): void {
      const room = rooms.get(runId);
      rooms.delete(runId);
      void room?.then((free) => free?.());
    },
  };
}

async function freeNothing(): Promise<void> {}
