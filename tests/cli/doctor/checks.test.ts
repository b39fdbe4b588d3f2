import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkClaude } from '../../../src/cli/doctor/check-claude.ts';
import { checkMachine } from '../../../src/cli/doctor/check-machine.ts';
import { checkPort } from '../../../src/cli/doctor/check-port.ts';
import { checkStateFolder } from '../../../src/cli/doctor/check-state-folder.ts';
import { listen } from '../../../src/http/listen.ts';
import { createTestApp } from '../../support/create-test-app.ts';

const HOST = '127.0.0.1';
const GB = 1024 ** 3;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the port', () => {
  test('is fine when it is free', async () => {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    server.close();
    await once(server, 'close');
    expect(await checkPort({ host: HOST, port })).toMatchObject({ state: 'ok' });
  });

  test('is fine when this program serves it', async () => {
    const { fetch } = createTestApp();
    const server = await listen({
      fetch,
      host: HOST,
      port: 0,
      maxMessageBytes: 1000,
      requestTimeoutMs: 60_000,
    });
    const port = Number(new URL(server.url).port);
    const finding = await checkPort({ host: HOST, port });
    expect(finding).toMatchObject({ state: 'ok', text: expect.stringContaining('1.2.3') });
    const drained = server.drain();
    server.cut();
    await drained;
  });

  test('is red when another program has it', async () => {
    const server = createHttpServer((_, response) => response.end('hello')).listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // it listens on TCP
    expect(await checkPort({ host: HOST, port })).toMatchObject({
      state: 'failed',
      text: expect.stringContaining('EADDRINUSE'),
      advice: expect.stringContaining('--port'),
    });
    server.closeAllConnections();
    server.close();
  });
});

describe('the state folder', () => {
  test('is fine when it can be written', async () => {
    expect(await checkStateFolder({ stateDir: join(folder, 'state') })).toMatchObject({
      state: 'ok',
    });
  });

  test('is red when it cannot', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await checkStateFolder({ stateDir: join(folder, 'file/state') })).toMatchObject({
      state: 'failed',
      advice: expect.stringContaining('STATE_DIR'),
    });
  });
});

describe('the CLI', () => {
  test.each([
    ['2.1.330', 'ok'],
    ['2.1.300', 'ok'],
    ['2.2.0', 'warning'],
    ['3.0.0', 'warning'],
  ])('%s is %s', async (version, state) => {
    const claudePath = await writeClaude(version);
    const { claude, findings } = await checkClaude({ claudePath }, {});
    expect(claude).toEqual({ path: claudePath, version });
    expect(findings.map((finding) => finding.state)).toEqual(['ok', state]);
  });

  test('that is too old is red and says how to update', async () => {
    const { claude, findings } = await checkClaude({ claudePath: await writeClaude('2.0.1') }, {});
    expect(claude).toBeUndefined();
    expect(findings).toMatchObject([
      { state: 'failed', text: expect.stringContaining('claude update') },
    ]);
  });
});

describe('the machine', () => {
  const settings = { maxProcesses: 8, workerConcurrency: 2 };
  const machine = { memoryBytes: 16 * GB, cores: 2, openFiles: 1024 };

  test('that is large enough is fine', () => {
    const states = checkMachine(settings, machine).map(({ state }) => state);
    expect(states).toEqual(['ok', 'ok', 'ok']);
  });

  test.each([
    ['memory', { memoryBytes: 2 * GB }, 'MAX_PROCESSES to 5'],
    ['open files', { openFiles: 256 }, 'ulimit -n 328'],
  ])('with little %s gets advice', (name, change, advice) => {
    const findings = checkMachine(settings, { ...machine, ...change });
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([
      expect.objectContaining({ name, state: 'warning', advice: expect.stringContaining(advice) }),
    ]);
  });

  test('with few processors gets advice', () => {
    const findings = checkMachine({ ...settings, workerConcurrency: 20 }, machine);
    expect(findings[1]).toMatchObject({
      state: 'warning',
      advice: expect.stringContaining('WORKER_CONCURRENCY to 8'),
    });
  });
});

async function writeClaude(version: string) {
  const file = join(folder, 'claude');
  await writeFile(file, `#!/bin/sh\necho "${version} (Claude Code)"\n`, { mode: 0o755 });
  return file;
}
