import type { RunEvent, RunProgress, RunStep } from '../run.ts';
import { isInputRequest } from '../run-input.ts';
import type { PendingInputs } from './pending-inputs.ts';
import type { RunStore } from './run-store.ts';

type KeepParts = {
  store: RunStore;
  inputs: Pick<PendingInputs, 'ask' | 'settle' | 'isWaiting'>;
  /** Tells of a new event, and whether the state is another one, or the run waits for more. */
  tell: (id: string, hasChanged: boolean) => void;
};

/** Makes what puts an event on record. */
export function createKeep({ store, inputs, tell }: KeepParts) {
  /** Notes in which state an event puts a run; returns whether it is another one. */
  const noteState = (run: { id: string; keyId: string }, event: RunEvent | RunProgress) => {
    const wasWaiting = inputs.isWaiting(run.id);
    if (isInputRequest(event)) inputs.ask(run, event);
    if (event.type === 'input-settled') inputs.settle(event.id);
    const isWaiting = inputs.isWaiting(run.id);
    const hasChanged = isStep(event, 'placed') || isInputRequest(event) || wasWaiting !== isWaiting;
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

type Page = ReturnType<typeof createPage>;

/** Numbers the events of one run. */
export function createPage(store: RunStore, runId: string) {
  let id = 0;
  return {
    add(event: RunEvent | { type: 'error' }) {
      id += 1;
      store.addEvent(runId, { id, type: event.type, data: JSON.stringify(event) });
    },
  };
}

/** Whether a run has come as far as this. */
export function isStep(event: RunEvent | RunProgress, step: RunStep): boolean {
  return event.type === 'run-progress' && event.step === step;
}
