import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { BegunRun, RunStore } from '../../src/agent-runs/run-store.ts';
import type { InputRequest } from '../../src/run-input.ts';

const PLAN: InputRequest = { type: 'plan-review', id: 'inp_1', callId: 'toolu_1', plan: 'First.' };

const toRun = (id: string, more: Partial<BegunRun> = {}): BegunRun => ({
  id,
  keyId: 'a',
  createdAt: 1,
  isBackground: true,
  model: 'sonnet',
  resumedFrom: undefined,
  body: { prompt: `The words of ${id}.` },
  server: 'one',
  ...more,
});

const toEvent = (id: number, type = 'part-delta') => ({ id, type, data: JSON.stringify({ type }) });

const toDone = (endedAt: number) =>
  ({ state: 'done', endedAt, answer: { result: 'Yes.' }, failure: undefined }) as const;

const toInput = (id: string, runId: string, keyId = 'a') => ({
  id,
  runId,
  keyId,
  createdAt: 1,
  expiresAt: 2,
  request: { ...PLAN, id },
});

/** What holds of runs wherever they are kept; `open` gives the views of servers of these names of a new store. */
export function describeRunStore(
  open: () => Promise<(server: string) => RunStore | Promise<RunStore>>,
): void {
  describe('runs', () => {
    let store: RunStore;
    let other: RunStore;
    beforeEach(async () => {
      const openAs = await open();
      [store, other] = [await openAs('one'), await openAs('two')];
    });
    afterEach(async () => {
      await store.close();
      await other.close();
    });

    const addAll = async (runs: readonly BegunRun[]) => {
      for (const run of runs) expect(await store.add(run, Infinity)).toBe('added');
    };
    const list = async (filter: object = {}) =>
      (await other.list('a', { limit: 10, ...filter })).map(({ id }) => id);

    test('a run is read by every server as it began, went on and ended', async () => {
      await addAll([toRun('r1', { resumedFrom: 'r0' })]);
      expect(await other.read('r1')).toEqual({
        ...toRun('r1', { resumedFrom: 'r0' }),
        state: 'queued',
      });
      await store.setState('r1', 'running');
      await store.begin('r1', 'claude-sonnet', 's1');
      await store.charge('r1', 0.25, 'one');
      await store.charge('r1', 0.5, 'two');
      const begun = { model: 'claude-sonnet', sessionId: 's1', costUsd: 0.75 };
      expect(await other.read('r1')).toMatchObject({ ...begun, state: 'running' });
      expect(await store.end('r1', toDone(5), [])).toBe(true);
      const ended = { state: 'done', endedAt: 5, answer: { result: 'Yes.' } };
      expect(await other.read('r1')).toMatchObject({ ...begun, ...ended });
      expect(await other.read('none')).toBeUndefined();
    });

    test('a run is added once, and not beyond the unread ones that its key may have', async () => {
      const [one, attached] = [toRun('r1'), toRun('r2', { isBackground: false })];
      expect(await store.add(one, 1)).toBe('added');
      expect(await other.add(one, 1)).toBe('known');
      expect(await other.add(toRun('r3'), 1)).toBe('full');
      expect(await store.add(attached, Infinity)).toBe('added');
      expect(await store.add(toRun('r3', { keyId: 'b' }), 1)).toBe('added');
      await store.end('r1', toDone(5), []);
      const body = { prompt: 'Hi', onDisconnect: 'continue' };
      expect(await store.add(toRun('r4', { isBackground: false, body }), 1)).toBe('added');
      expect(await other.add(toRun('r5'), 1)).toBe('full');
    });

    test('runs are listed by key, state, session and page, the newest first', async () => {
      await addAll(['r1', 'r2', 'r3'].map((id) => toRun(id)));
      await addAll([toRun('of-b', { keyId: 'b' })]);
      await store.begin('r2', 'sonnet', 's1');
      expect(await list()).toEqual(['r3', 'r2', 'r1']);
      expect(await list({ limit: 2 })).toEqual(['r3', 'r2']);
      expect(await list({ before: 'r3' })).toEqual(['r2', 'r1']);
      expect(await list({ before: 'none' })).toEqual([]);
      expect(await list({ state: 'queued' })).toEqual(['r3', 'r1']);
      expect(await list({ sessionId: 's1' })).toEqual(['r2']);
    });

    test('events are read in their order, by pages and by type, the last ones with the end', async () => {
      await addAll([toRun('r1')]);
      await store.addEvents('r1', [toEvent(1, 'run-start'), toEvent(2), toEvent(3, 'task')]);
      await store.addEvents('r1', []);
      await store.addEvents('r1', [toEvent(4)]);
      await store.end('r1', toDone(5), [toEvent(5, 'run-end')]);
      const ids = async (after: number, most: number) =>
        (await other.listEvents('r1', after, most)).map(({ id }) => id);
      expect(await ids(0, 10)).toEqual([1, 2, 3, 4, 5]);
      expect(await ids(1, 2)).toEqual([2, 3]);
      expect(await ids(5, 10)).toEqual([]);
      expect(await other.listEventsOf('r1', 'task')).toEqual([toEvent(3, 'task')]);
    });

    test('a run that has ended does not end again', async () => {
      await addAll([toRun('r1')]);
      const [cut] = await other.interruptLeft({ dead: [], withUnknown: false }, 3);
      expect(cut).toBeUndefined();
      await store.setState('r1', 'running');
      expect(await other.interruptLeft({ dead: ['one'], withUnknown: false }, 3)).toMatchObject([
        { id: 'r1', state: 'interrupted', endedAt: 3 },
      ]);
      expect(await store.end('r1', toDone(5), [])).toBe(false);
      expect(await other.read('r1')).toMatchObject({ state: 'interrupted', endedAt: 3 });
    });

    test('what lost servers left is told to one server, once', async () => {
      await addAll([toRun('begun'), toRun('attached', { isBackground: false })]);
      await addAll([toRun('late', { createdAt: 9 }), toRun('early', { createdAt: 2 })]);
      await addAll([toRun('of-two', { server: 'two' })]);
      await store.setState('begun', 'running');
      const left = { dead: ['one'], withUnknown: false };
      expect((await other.listServers()).toSorted()).toEqual(['one', 'two']);
      const cut = await Promise.all([other, store].map((one) => one.interruptLeft(left, 3)));
      expect(new Set(cut.flat().map(({ id }) => id))).toEqual(new Set(['begun', 'attached']));
      expect(cut.flat()).toHaveLength(2);
      const claimed = await Promise.all([
        other.claimPutOff(left, 'two'),
        store.claimPutOff(left, 'one-again'),
      ]);
      // Whoever came first has both.
      expect(claimed.flat().map(({ id }) => id)).toEqual(['early', 'late']);
      const servers = await other.listServers();
      expect(servers).toContain('two');
      expect(servers).not.toContain('one');
    });

    test('what is given back is for any server', async () => {
      await addAll([toRun('r1')]);
      expect(await other.hasGivenBack()).toBe(false);
      await store.giveBack('r1');
      expect(await other.hasGivenBack()).toBe(true);
      const none = { dead: [], withUnknown: false };
      expect(await other.claimPutOff(none, 'two')).toMatchObject([{ id: 'r1', server: 'two' }]);
      expect(await store.hasGivenBack()).toBe(false);
      expect(await other.end('r1', toDone(5), [])).toBe(true);
      expect(await other.listServers()).toEqual([]);
    });

    test('one that waits for its turn is cancelled at the server at which it is still, once', async () => {
      await addAll([toRun('r1'), toRun('begun'), toRun('attached', { isBackground: false })]);
      await store.setState('begun', 'running');
      expect(await other.cancelPutOff('r1', 'two', 5)).toBe(false);
      expect(await other.cancelPutOff('r1', 'one', 5)).toBe(true);
      expect(await other.cancelPutOff('r1', 'one', 6)).toBe(false);
      expect(await other.cancelPutOff('begun', 'one', 5)).toBe(false);
      expect(await other.cancelPutOff('attached', 'one', 5)).toBe(false);
      expect(await other.cancelPutOff('none', 'one', 5)).toBe(false);
      expect(await store.read('r1')).toMatchObject({ state: 'cancelled', endedAt: 5 });
      const claimed = await other.claimPutOff({ dead: ['one'], withUnknown: false }, 'two');
      expect(claimed).toEqual([]);
    });

    test('how many servers were lost as they began a run is counted until it waits again', async () => {
      await addAll([toRun('r1')]);
      expect(await store.noteBeginning('r1', 'one')).toBe(0);
      await other.claimPutOff({ dead: ['one'], withUnknown: false }, 'two');
      expect(await store.noteBeginning('r1', 'one')).toBe(0); // it is not there any more
      expect(await other.noteBeginning('r1', 'two')).toBe(1);
      await other.noteBegun('r1', 'two');
      expect(await other.noteBeginning('r1', 'two')).toBe(0);
      await other.giveBack('r1');
      await store.claimPutOff({ dead: [], withUnknown: false }, 'one');
      expect(await store.noteBeginning('r1', 'one')).toBe(0);
    });

    test('what a tool came to is kept until it is not needed any more', async () => {
      await addAll([toRun('r1')]);
      await store.inputs.add(toInput('inp_1', 'r1'));
      const content = [{ type: 'text', text: 'It is sunny.' }] as const;
      const result = { type: 'tool-result', callId: 'toolu_1', content, isError: false } as const;
      await other.inputs.answer('inp_1', { decision: 'allow', result });
      expect(await store.inputs.read('inp_1')).toMatchObject({ answer: { result } });
      await store.inputs.forgetResult('inp_1');
      expect(await other.inputs.read('inp_1')).toMatchObject({ answer: { decision: 'allow' } });
      expect(JSON.stringify(await other.inputs.read('inp_1'))).not.toContain('sunny');
      await store.inputs.add(toInput('inp_2', 'r1'));
      await store.inputs.answer('inp_2', 'withdrawn');
      await store.inputs.forgetResult('inp_2');
      expect(await store.inputs.read('inp_2')).toMatchObject({ answer: 'withdrawn' });
    });

    test('what had begun all the same when it was given back is interrupted', async () => {
      await addAll([toRun('r1')]);
      await store.setState('r1', 'running');
      await store.giveBack('r1');
      const none = { dead: [], withUnknown: false };
      expect(await other.interruptLeft(none, 3)).toMatchObject([
        { id: 'r1', state: 'interrupted' },
      ]);
      expect(await other.hasGivenBack()).toBe(false);
    });

    test('the first answer counts, and what is open is listed, the oldest first', async () => {
      await addAll([toRun('r1'), toRun('r2'), toRun('of-b', { keyId: 'b' })]);
      await store.inputs.add(toInput('inp_1', 'r1'));
      await store.inputs.add(toInput('inp_2', 'r2'));
      await store.inputs.add(toInput('inp_3', 'r1'));
      await store.inputs.add(toInput('inp_4', 'of-b', 'b'));
      const answers = [{ decision: 'allow' }, { decision: 'deny', message: 'No.' }] as const;
      const given = await Promise.all([
        store.inputs.answer('inp_1', answers[0]),
        other.inputs.answer('inp_1', answers[1]),
      ]);
      expect(given).toEqual([true, false]);
      expect(await other.inputs.read('inp_1')).toEqual({
        ...toInput('inp_1', 'r1'),
        answer: answers[0],
      });
      expect(await store.inputs.answer('none', answers[0])).toBe(false);
      expect((await other.inputs.list('a')).map(({ id }) => id)).toEqual(['inp_2', 'inp_3']);
      await store.setState('r2', 'waiting');
      await store.end('r1', toDone(5), []);
      await other.interruptLeft({ dead: ['one'], withUnknown: false }, 3);
      expect(await other.inputs.read('inp_2')).toMatchObject({ answer: 'withdrawn' });
      expect(await other.inputs.answer('inp_2', answers[0])).toBe(false);
      await expect(store.inputs.add(toInput('inp_5', 'none'))).rejects.toBeInstanceOf(Error);
    });

    test('a key’s ended runs that do not fit with the newer ones are found', async () => {
      const beyond = async (bytes: number) => (await other.listBeyond('a', bytes)).toSorted();
      await addAll([toRun('of-b', { keyId: 'b' })]);
      await store.end('of-b', toDone(1), []);
      const words = { prompt: 'x'.repeat(1000) };
      await addAll(['r1', 'r2', 'r3', 'going'].map((id) => toRun(id, { body: words })));
      expect(await beyond(10_000)).toEqual([]);
      for (const [index, id] of ['r2', 'r1', 'r3'].entries()) {
        await store.end(id, toDone(index), []);
      }
      expect(await beyond(10_000)).toEqual([]);
      expect(await beyond(2800)).toEqual(['r1']);
      expect(await beyond(10)).toEqual(['r1', 'r2', 'r3']);
      await store.remove('r3');
      expect(await beyond(2800)).toEqual([]);
      await store.setState('going', 'running');
      await other.interruptLeft({ dead: ['one'], withUnknown: false }, 9);
      expect(await beyond(2800)).toEqual(['r1']);
      await other.removeEndedUntil(0);
      expect(await beyond(2800)).toEqual([]);
    });

    test('what is removed leaves nothing: by its id, or by its age', async () => {
      await addAll(['r1', 'r2', 'r3', 'r4'].map((id) => toRun(id)));
      await store.addEvents('r1', [toEvent(1)]);
      await store.inputs.add(toInput('inp_1', 'r1'));
      for (const [index, id] of ['r1', 'r2', 'r3'].entries())
        await store.end(id, toDone(index), []);
      await other.removeEndedUntil(1);
      expect(await list()).toEqual(['r4', 'r3']);
      await other.remove('r3');
      await other.remove('r3');
      expect(await list()).toEqual(['r4']);
      expect(await store.listEvents('r1', 0, 10)).toEqual([]);
      expect(await store.inputs.read('inp_1')).toBeUndefined();
    });
  });
}
