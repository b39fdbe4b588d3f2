import { expect, test, vi } from 'vitest';

import type { CliStatus, ReadCliStatus } from '../../src/backend.ts';
import { APP_KEY, CLI_STATUS, createTestApp } from '../support/create-test-app.ts';

const readReplaced = () => Promise.resolve({ ...CLI_STATUS, version: '2.1.999' });

const readLoggedOut = () => Promise.resolve({ ...CLI_STATUS, isLoggedIn: false });

test('needs no key and tells how things are, and no secrets', async () => {
  const response = await createTestApp().request('/health');
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(JSON.parse(text)).toEqual({
    status: 'ok',
    version: '1.2.3',
    uptimeSeconds: expect.any(Number),
    queue: { waiting: 0, running: 0, concurrency: 2 },
    sessions: 0,
    cli: { version: '2.1.330', found: true, loggedIn: true },
  });
  expect(text).not.toMatch(new RegExp(`${APP_KEY}|${CLI_STATUS.account}`));
});

test('tells the version of a CLI that was replaced while the server runs', async () => {
  const response = await createTestApp({ readCliStatus: readReplaced }).request('/health');
  expect(await response.json()).toMatchObject({ cli: { version: '2.1.999' } });
});

test('is degraded when the CLI has no login', async () => {
  const response = await createTestApp({ readCliStatus: readLoggedOut }).request('/health');
  expect(await response.json()).toMatchObject({ status: 'degraded', cli: { loggedIn: false } });
});

test('is degraded when the CLI fails, which is not started anew by every call', async () => {
  const readCliStatus = vi.fn<ReadCliStatus>(() => Promise.reject(new Error('it died')));
  const app = createTestApp({ readCliStatus });
  for (let call = 0; call < 5; call += 1) {
    const response = await app.request('/health');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'degraded', cli: { loggedIn: null } });
  }
  expect(readCliStatus).toHaveBeenCalledTimes(1);
});

test('answers at once while the CLI is silent, which is asked once', async () => {
  const readCliStatus = vi.fn<ReadCliStatus>(() => new Promise(() => undefined));
  const app = createTestApp({ readCliStatus });
  for (let call = 0; call < 5; call += 1) {
    const response = await app.request('/health');
    expect(await response.json()).toMatchObject({ status: 'degraded', cli: { loggedIn: null } });
  }
  expect(readCliStatus).toHaveBeenCalledTimes(1);
});

test('keeps what it knew while it asks again, and learns what is new', async () => {
  const second = Promise.withResolvers<CliStatus>();
  const readCliStatus = vi.fn<ReadCliStatus>();
  readCliStatus.mockResolvedValueOnce(CLI_STATUS).mockReturnValue(second.promise);
  const app = createTestApp({ readCliStatus });
  const readStatus = async () =>
    ((await (await app.request('/health')).json()) as { status: string }).status;

  expect(await readStatus()).toBe('ok');
  expect(await readStatus()).toBe('ok');
  second.resolve({ ...CLI_STATUS, isLoggedIn: false });
  await second.promise;
  expect(await readStatus()).toBe('degraded');
});
