import { fork } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createSessionLocks } from '../../src/sessions/session-locks.ts';
import { createSharedLocks } from '../../src/sessions/shared-locks.ts';
import { describeLocks } from './locks-suite.ts';

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
    expect(await locks.isHeld('id')).toBe(false);
  });

  test('who left before gets nothing', async () => {
    const locks = create();
    await expect(locks.acquire('id', AbortSignal.abort('left'))).rejects.toBe('left');
    expect(await locks.isHeld('id')).toBe(false);
  });

  test('trying takes a free lock, and no other', async () => {
    const locks = create();
    const release = await locks.tryAcquire('id');
    expect(await locks.tryAcquire('id')).toBeUndefined();
    release?.();
    expect(await locks.tryAcquire('id')).toBeTypeOf('function');
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

describeLocks(() => Promise.resolve([createShared(), createShared()]));

describe('two servers of a folder', () => {
  test('what a killed one held is free', async () => {
    const holder = fork(new URL('hold-lock.ts', import.meta.url), [join(folder, 'locks')]);
    await once(holder, 'message');
    const locks = createShared();
    expect(await locks.tryAcquire('id')).toBeUndefined();
    holder.kill('SIGKILL');
    (await locks.acquire('id', undefined))();
    expect(await locks.isHeld('id')).toBe(false);
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
    expect(await locks.tryAcquire('id')).toBeUndefined();
    release();
    expect(await locks.tryAcquire('id')).toBeTypeOf('function');
    expect(onProblem).toHaveBeenCalled();
  });
});
