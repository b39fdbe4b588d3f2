import { fork } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createSessionLocks } from '../../src/sessions/session-locks.ts';
import { createSharedLocks } from '../../src/sessions/shared-locks.ts';

const onProblem = vi.fn<(error: unknown) => void>();
let folder: string;
beforeEach(async () => {
  onProblem.mockReset();
  folder = await mkdtemp(join(tmpdir(), 'locks-'));
});
afterEach(() => rm(folder, { recursive: true }));

const createShared = () => createSharedLocks({ folder: join(folder, 'locks'), onProblem });

describe.each([
  ['one server', createSessionLocks],
  ['all servers of a folder', createShared],
])('the locks of %s', (_name, create) => {
  test('who comes second waits until the first one lets go', async () => {
    const locks = create();
    const order: string[] = [];
    const release = await locks.acquire('id', undefined);
    const second = locks.acquire('id', undefined).then((releaseSecond) => {
      order.push('second is in');
      return releaseSecond;
    });
    const third = locks.acquire('id', undefined).then(() => order.push('third is in'));
    await locks.acquire('other id', undefined);
    order.push('first goes');
    release();
    release();
    const releaseSecond = await second;
    order.push('second goes');
    releaseSecond();
    await third;
    expect(order).toEqual(['first goes', 'second is in', 'second goes', 'third is in']);
  });

  test('who leaves while waiting gets the reason, and is passed over', async () => {
    const locks = create();
    const caller = new AbortController();
    const release = await locks.acquire('id', undefined);
    const second = locks.acquire('id', caller.signal);
    const third = locks.acquire('id', undefined);
    caller.abort('left');
    await expect(second).rejects.toBe('left');
    release();
    (await third)();
    expect(locks.isHeld('id')).toBe(false);
  });

  test('who left before gets nothing', async () => {
    const locks = create();
    await expect(locks.acquire('id', AbortSignal.abort('left'))).rejects.toBe('left');
    expect(locks.isHeld('id')).toBe(false);
  });

  test('trying takes a free lock, and no other', () => {
    const locks = create();
    const release = locks.tryAcquire('id');
    expect(locks.tryAcquire('id')).toBeUndefined();
    release?.();
    expect(locks.tryAcquire('id')).toBeTypeOf('function');
  });

  test('no listener is left on the signal of who waited', async () => {
    const locks = create();
    const { signal } = new AbortController();
    const release = await locks.acquire('id', signal);
    const second = locks.acquire('id', signal);
    release();
    await second;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('two servers of a folder', () => {
  test('who comes to the other one waits, and comes in when the first lets go', async () => {
    const [one, other] = [createShared(), createShared()];
    const release = await one.acquire('id', undefined);
    expect(other.tryAcquire('id')).toBeUndefined();
    expect(other.isHeld('id')).toBe(true);
    expect(other.isHeld('another id')).toBe(false);
    let isIn = false;
    const second = other.acquire('id', undefined).then((releaseSecond) => {
      isIn = true;
      return releaseSecond;
    });
    const releaseAnother = await other.acquire('another id', undefined);
    releaseAnother();
    expect(isIn).toBe(false);
    release();
    (await second)();
    expect(one.isHeld('id')).toBe(false);
    expect(onProblem).not.toHaveBeenCalled();
  });

  test('who leaves while waiting gets the reason, and keeps nothing', async () => {
    const [one, other] = [createShared(), createShared()];
    const caller = new AbortController();
    const release = await one.acquire('id', undefined);
    const second = other.acquire('id', caller.signal);
    caller.abort(new Error('left'));
    await expect(second).rejects.toThrow('left');
    release();
    expect(other.tryAcquire('id')).toBeTypeOf('function');
  });

  test('what a killed one held is free', async () => {
    const holder = fork(new URL('hold-lock.ts', import.meta.url), [join(folder, 'locks')]);
    await once(holder, 'message');
    const locks = createShared();
    expect(locks.tryAcquire('id')).toBeUndefined();
    holder.kill('SIGKILL');
    (await locks.acquire('id', undefined))();
    expect(locks.isHeld('id')).toBe(false);
  });

  test('a lock whose session is gone leaves no file', async () => {
    const locks = createShared();
    const release = await locks.acquire('id', undefined);
    expect(await readdir(join(folder, 'locks'))).toEqual(['id']);
    locks.forget('id');
    release();
    expect(await readdir(join(folder, 'locks'))).toEqual([]);
  });

  test('where no file can be locked, those of one server still wait for each other', async () => {
    const locks = createShared();
    await rm(join(folder, 'locks'), { recursive: true });
    await writeFile(join(folder, 'locks'), 'no folder');
    const release = await locks.acquire('id', undefined);
    expect(locks.tryAcquire('id')).toBeUndefined();
    release();
    expect(locks.tryAcquire('id')).toBeTypeOf('function');
    expect(onProblem).toHaveBeenCalled();
  });
});
