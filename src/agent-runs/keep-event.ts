import type { RunEvent, RunProgress, RunStep } from '../run.ts';
import { isInputRequest } from '../run-input.ts';
import type { PendingInputs } from './pending-inputs.ts';
import type { RunLine } from './run-line.ts';
import type { RunStore, StoredEvent } from './run-store.ts';

/** A run that goes on: its line, and what it has said. */
export type RunRecord = { id: string; keyId: string; line: RunLine; page: Page };

export type KeepParts = {
  store: RunStore;
  inputs: Pick<PendingInputs, 'ask' | 'settle' | 'isWaiting' | 'ofRun'>;
  /** Tells that a run's state is another one, and what it waits for. */
  tellChange: (id: string, inputIds: readonly string[]) => Promise<void>;
};

/** Makes what puts an event on record. It waits for nothing. */
export function createKeep({ store, inputs, tellChange }: KeepParts) {
  /** Notes in which state an event puts a run; returns whether it is another one. */
  const noteState = (run: RunRecord, event: RunEvent | RunProgress) => {
    const { id, line } = run;
    const wasWaiting = inputs.isWaiting(id);
    if (isInputRequest(event)) inputs.ask(run, event);
    if (event.type === 'input-settled') inputs.settle(event.id, line);
    const isWaiting = inputs.isWaiting(id);
    const hasChanged = isStep(event, 'placed') || isInputRequest(event) || wasWaiting !== isWaiting;
    if (hasChanged) void line.write(() => store.setState(id, isWaiting ? 'waiting' : 'running'));
    return hasChanged;
  };

  /** Returns whether its reader is to find it on record: he may ask for it. */
  return (run: RunRecord, event: RunEvent | RunProgress): boolean => {
    const { id, line, page } = run;
    const hasChanged = noteState(run, event);
    if (event.type === 'run-start') {
      void line.write(() => store.begin(id, event.model, event.sessionId));
    }
    if (event.type === 'run-end') page.addLast(event);
    else if (event.type !== 'run-progress') page.add(event);
    if (hasChanged) {
      const inputIds = inputs.ofRun(id);
      void line.write(() => tellChange(id, inputIds));
    }
    return hasChanged || !isUnasked(event);
  };
}

/** Whether nobody asks for what an event is about before the run has ended. */
function isUnasked({ type }: RunEvent | RunProgress) {
  return type === 'run-progress' || type === 'run-end' || type.startsWith('part-');
}

export type Page = ReturnType<typeof createPage>;

/** Numbers the events of one run. While some are being stored, further ones gather, and are stored together. */
export function createPage(
  { addEvents }: Pick<RunStore, 'addEvents'>,
  run: { id: string; line: RunLine },
  /** Told when some were stored. */
  tellNews: () => void,
) {
  const gathered: StoredEvent[] = [];
  let isAwaited = false;
  let id = 0;

  const last: StoredEvent[] = [];

  const toStored = (event: RunEvent | { type: 'error' }): StoredEvent => {
    id += 1;
    return { id, type: event.type, data: JSON.stringify(event) };
  };

  const storeGathered = () => {
    isAwaited = true;
    let events: readonly StoredEvent[] | undefined;
    const storing = run.line.write(() => {
      if (!events) isAwaited = false;
      events ??= gathered.splice(0); // the same ones when it is tried again
      return addEvents(run.id, events);
    });
    void storing.then(tellNews);
  };

  return {
    add(event: RunEvent) {
      gathered.push(toStored(event));
      if (!isAwaited) storeGathered();
    },
    /** Who sees the last event finds the run ended: it is stored with the end. */
    addLast: (event: RunEvent | { type: 'error' }) => void last.push(toStored(event)),
    /** What is not being stored yet. */
    takeRest: (): readonly StoredEvent[] => [...gathered.splice(0), ...last.splice(0)],
  };
}

/** Whether a run has come as far as this. */
export function isStep(event: RunEvent | RunProgress, step: RunStep): boolean {
  return event.type === 'run-progress' && event.step === step;
}
