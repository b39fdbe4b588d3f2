import type { Deadline } from '../deadline.ts';
import type { Run, RunEnd, RunEvent, RunProgress, RunRequest, RunStart, RunStep } from '../run.ts';
import { type RunError, toRunError } from '../run-error.ts';
import { isInputRequest } from '../run-input.ts';
import type { PendingInputs } from './pending-inputs.ts';
import type { RunEnding, RunState, RunStore, StoredRun } from './run-store.ts';

/** A run that is to be kept. Its id is that of its request. */
export type NewRun = {
  request: RunRequest;
  /** What was asked for, as it came: a resumed run asks for it again. */
  body: Readonly<Record<string, unknown>>;
  isBackground: boolean;
  resumedFrom?: string | undefined;
  toAnswer: (start: RunStart, end: RunEnd) => object;
  toFailure: (error: RunError) => object;
};

export type RecorderOptions = {
  store: RunStore;
  inputs: Pick<PendingInputs, 'ask' | 'settle' | 'isWaiting' | 'end'>;
  /** More than this, and a key's oldest ended runs make room. */
  maxBytesPerKey: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Told of what could not be put on record; the answer is worth more than that. */
  onProblem: (error: unknown) => void;
  /** Told of each new event, and whether the state is another one. */
  announce: (run: StoredRun & { hasChanged: boolean }) => void;
};

/** The time of a run, which stands still while it waits for its turn. */
export type RunClock = Pick<Deadline, 'signal' | 'pause' | 'resume'>;

type LiveRun = { stop: AbortController; over: PromiseWithResolvers<void> };

/** A run in the background that has not begun when the server ends is left to the next one. */
type Ending = Omit<RunEnding, 'endedAt'> | 'put off';

/** How a run ends whose reader leaves before it does. */
const CUT_OFF = { state: 'cancelled', answer: undefined, failure: undefined } as const;

/** Carries runs out, and puts on record what happens in them. */
export function createRecorder({
  store,
  inputs,
  maxBytesPerKey,
  now,
  onProblem,
  announce,
}: RecorderOptions) {
  const live = new Map<string, LiveRun>();

  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      onProblem(error);
    }
  };

  const tell = (id: string, hasChanged: boolean) => {
    const run = store.read(id);
    if (run) announce({ ...run, hasChanged });
  };

  const open = ({ request, body, isBackground, resumedFrom }: NewRun) => {
    const { requestId: id, keyId } = request.caller;
    const { model } = request;
    attempt(() => {
      // A run that waited for its turn when an earlier server ended is there already.
      if (store.read(id)) return;
      store.add({ id, keyId, createdAt: now(), isBackground, model, resumedFrom, body });
      tell(id, true);
    });
    const self = { stop: new AbortController(), over: Promise.withResolvers<void>() };
    live.set(id, self);
    return self;
  };

  const close = (id: string, keyId: string, ending: Ending) => {
    const self = live.get(id);
    live.delete(id);
    attempt(() => {
      inputs.end(id);
      if (ending === 'put off') return;
      store.end(id, { ...ending, endedAt: now() });
      tell(id, true);
      makeRoom(store, keyId, maxBytesPerKey);
    });
    self?.over.resolve();
  };

  const keep = createKeep({ store, inputs, tell });

  async function* record(run: Run, details: NewRun, clock: RunClock): ReturnType<Run> {
    const { requestId: id, keyId } = details.request.caller;
    const { stop } = open(details);
    const page = createPage(store, id);
    let ending: Ending = CUT_OFF;
    let start: RunStart | undefined;
    let isQueued = false;
    try {
      const signal = AbortSignal.any([clock.signal, stop.signal]);
      for await (const event of run(details.request, signal)) {
        if (isStep(event, 'queued')) isQueued = true;
        if (isStep(event, 'placed')) isQueued = false;
        if (event.type === 'run-start') start = event;
        if (event.type === 'run-end' && start) {
          ending = { state: 'done', answer: details.toAnswer(start, event), failure: undefined };
        }
        attempt(() => keep({ id, keyId }, event, page));
        if (isQueued || inputs.isWaiting(id)) clock.pause();
        else clock.resume();
        yield event;
      }
    } catch (error) {
      const reason = toRunError(error);
      if (isQueued && details.isBackground && reason.code === 'shutting-down') {
        ending = 'put off';
        throw error;
      }
      const failure = details.toFailure(reason);
      ending = { state: toEndState(reason), answer: undefined, failure };
      attempt(() => page.add({ type: 'error', ...failure }));
      throw error;
    } finally {
      close(id, keyId, ending);
    }
  }

  return { record, find: (id: string) => live.get(id), all: () => [...live.values()] };
}

type KeepParts = Pick<RecorderOptions, 'store' | 'inputs'> & {
  /** Tells of a new event, and whether the state is another one. */
  tell: (id: string, hasChanged: boolean) => void;
};

/** Makes what puts an event on record. */
function createKeep({ store, inputs, tell }: KeepParts) {
  /** Notes in which state an event puts a run; returns whether it is another one. */
  const noteState = (run: { id: string; keyId: string }, event: RunEvent | RunProgress) => {
    const wasWaiting = inputs.isWaiting(run.id);
    if (isInputRequest(event)) inputs.ask(run, event);
    if (event.type === 'input-settled') inputs.settle(event.id);
    const isWaiting = inputs.isWaiting(run.id);
    const hasChanged = isStep(event, 'placed') || wasWaiting !== isWaiting;
    if (hasChanged) store.setState(run.id, isWaiting ? 'waiting' : 'running');
    return hasChanged;
  };

  return (run: { id: string; keyId: string }, event: RunEvent | RunProgress, page: Page) => {
    const { id } = run;
    const hasChanged = noteState(run, event);
    if (event.type === 'run-start') store.begin(id, event.model, event.sessionId);
    if (event.type !== 'run-progress') page.add(event);
    // Who sees the last event finds the run ended.
    if (hasChanged || !['run-progress', 'run-end'].includes(event.type)) tell(id, hasChanged);
  };
}

function makeRoom(store: RunStore, keyId: string, maxBytes: number) {
  let bytes = 0;
  for (const size of store.listSizes(keyId)) {
    bytes += size.bytes;
    if (bytes > maxBytes) store.remove(size.id);
  }
}

type Page = ReturnType<typeof createPage>;

/** Numbers the events of one run. */
function createPage(store: RunStore, runId: string) {
  let id = 0;
  return {
    add(event: RunEvent | { type: 'error' }) {
      id += 1;
      store.addEvent(runId, { id, type: event.type, data: JSON.stringify(event) });
    },
  };
}

function isStep(event: RunEvent | RunProgress, step: RunStep) {
  return event.type === 'run-progress' && event.step === step;
}

function toEndState({ code }: RunError): RunState {
  if (code === 'cancelled') return 'cancelled';
  return code === 'shutting-down' ? 'interrupted' : 'failed';
}
