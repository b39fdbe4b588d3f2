import type { Batch } from '../batch.ts';
import { RunError } from '../run-error.ts';
import { answerItem, type AnswerParts, type Tried } from './answer-item.ts';
import type { BatchKinds } from './batch-kind.ts';
import { endBatch, type Ended, type EndParts } from './end-batch.ts';
import { fillBatch, type FillParts } from './fill-batch.ts';
import type { Task, Tasks } from './tasks.ts';

export type CarryOnParts = AnswerParts &
  FillParts &
  EndParts & {
    tasks: Tasks;
    kinds: BatchKinds;
    /** How many requests of a key may be under way for batches. */
    mostAtOnce: (keyId: string) => Promise<number>;
    /** Until when a key's batches wait, in milliseconds since 1970. */
    pausedUntil: Map<string, number>;
    /** Called when there is something to be done again. */
    wake: () => void;
  };

/** A server that takes nothing new any more is asked again after this, in milliseconds. */
const STOPPED_PAUSE_MS = 1000;

/** Does what is to be done now for a batch that is not busy. */
export async function carryOn(batch: Batch, parts: CarryOnParts): Promise<void> {
  const task = parts.tasks.of(batch);
  if (batch.state === 'cancelling') end(batch, task, 'cancelled', parts);
  else if (batch.expiresAt <= parts.now()) end(batch, task, 'expired', parts);
  else if (batch.state === 'filling') fill(batch, task, parts);
  else await answerNext(batch, task, parts);
}

function fill(batch: Batch, task: Task, parts: CarryOnParts) {
  const { store, kinds, tasks, closing, now, wake } = parts;
  const kind = kinds[batch.api];
  const { fill: fillIn } = kind;
  if (!fillIn) return tasks.forget(batch.id); // whoever makes it does that, or removes it
  const work = async () => {
    const problems = await fillBatch(batch, fillIn, parts);
    closing.throwIfAborted();
    if (problems.length === 0) return store.batches.begin(batch.id, now());
    while (await store.items.removeSome(batch.id));
    await endBatch(batch, kind, 'failed', { ...parts, problems });
    tasks.forget(batch.id);
  };
  tasks.occupy(task, work, wake);
}

function end(batch: Batch, task: Task, state: Ended, parts: CarryOnParts) {
  const { tasks, kinds, wake } = parts;
  task.stop.abort(new RunError('cancelled', 'The batch has ended.'));
  if (task.items.size > 0) return; // the last of them comes back here
  const work = async () => {
    await endBatch(batch, kinds[batch.api], state, parts);
    tasks.forget(batch.id);
  };
  tasks.occupy(task, work, wake);
}

async function answerNext(batch: Batch, task: Task, parts: CarryOnParts) {
  const { store, tasks, mostAtOnce, pausedUntil, now } = parts;
  const { id, keyId } = batch;
  if (task.leave.signal.aborted) return; // the last of what was asked comes back here
  const [first] = await store.items.listWaiting(id, 1);
  if (first === undefined && task.items.size === 0) return end(batch, task, 'completed', parts);
  if ((pausedUntil.get(keyId) ?? 0) > now()) return;
  const free = (await mostAtOnce(keyId)) - tasks.countItems(keyId);
  if (free <= 0) return;
  const waiting = await store.items.listWaiting(id, task.items.size + free);
  const next = waiting.filter((number) => !task.items.has(number)).slice(0, free);
  for (const number of next) tasks.hold(answer(batch, number, task, parts));
}

async function answer(batch: Batch, number: number, task: Task, parts: CarryOnParts) {
  task.items.add(number);
  const closing = AbortSignal.any([task.leave.signal, parts.closing]);
  const signal = AbortSignal.any([task.stop.signal, closing]);
  const asking = { ...parts, closing, signal };
  try {
    const tried = await answerItem(batch, number, parts.kinds[batch.api], asking);
    if (!signal.aborted) await note(batch, tried, parts);
  } finally {
    task.items.delete(number);
  }
  parts.wake(); // behind a failure the clock does
}

async function note({ id, keyId }: Batch, tried: Tried, { store, pausedUntil, now }: CarryOnParts) {
  if (tried === 'refused') await store.batches.cancel(id, now());
  else if (tried === 'stopped') pausedUntil.set(keyId, now() + STOPPED_PAUSE_MS);
  else if (tried !== 'settled') pausedUntil.set(keyId, now() + tried.laterMs);
}
