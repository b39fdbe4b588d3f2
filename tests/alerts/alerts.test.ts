import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createAlerts, type RaisedAlert, type Trouble } from '../../src/alerts/create-alerts.ts';
import { openAlerts } from '../../src/alerts/open-alerts.ts';
import { readConfig } from '../../src/config.ts';
import { startWeb, type Web } from '../media/start-web.ts';

const SECRET = `whsec_${Buffer.alloc(32, 'k').toString('base64')}`;

const LOGIN = { name: 'not-logged-in', advice: 'Log in.' };
const DISK = { name: 'nothing-stored', advice: 'Is the disk full?' };

/** Alerts whose looks a test makes by itself, and what they told. */
function createWatched(kept: readonly RaisedAlert[] = []) {
  const told: string[] = [];
  const store = { raised: kept };
  let troubles: readonly Trouble[] = [];
  const alerts = createAlerts({
    webhook: { url: 'https://example.com', secret: SECRET },
    webhooks: {
      send: (_, subject, { type }) => void told.push(`${type} ${subject}`),
      close: () => Promise.resolve(),
    },
    readTroubles: () => Promise.resolve(troubles),
    store: { read: () => store.raised, write: (raised) => void (store.raised = raised) },
    source: {},
    onProblem: (error) => {
      throw error;
    },
  });
  const see = async (...each: (readonly Trouble[])[]) => {
    for (const some of each) {
      troubles = some;
      await alerts.look();
    }
    return told.splice(0);
  };
  return { see, store };
}

describe('an alert', () => {
  test('is told once, and once when it is over', async () => {
    const { see } = createWatched();

    expect(await see([], [LOGIN], [LOGIN])).toEqual(['alert.raised not-logged-in']);
    expect(await see([LOGIN], [LOGIN])).toEqual([]);
    expect(await see([], [])).toEqual(['alert.over not-logged-in']);
    expect(await see([], [])).toEqual([]);
    expect(await see([LOGIN], [LOGIN])).toEqual(['alert.raised not-logged-in']);
  });

  test('is not told of what passes at once, nor called over for a moment', async () => {
    const { see } = createWatched();

    expect(await see([LOGIN], [], [LOGIN], [])).toEqual([]);
    await see([LOGIN], [LOGIN]);
    expect(await see([], [LOGIN], [], [LOGIN])).toEqual([]);
  });

  test('stands beside others', async () => {
    const { see } = createWatched();

    await see([LOGIN], [LOGIN]);
    expect(await see([LOGIN, DISK], [LOGIN, DISK])).toEqual(['alert.raised nothing-stored']);
    expect(await see([DISK], [DISK])).toEqual(['alert.over not-logged-in']);
  });

  test('that an earlier server told is not told again, but its end is', async () => {
    const first = createWatched();
    await first.see([LOGIN], [LOGIN]);
    const next = createWatched(first.store.raised);

    expect(await next.see([LOGIN], [LOGIN])).toEqual([]);
    expect(await next.see([], [])).toEqual(['alert.over not-logged-in']);
    expect(next.store.raised).toEqual([]);
  });
});

describe('over the network', () => {
  let web: Web;
  let folder: string;
  let told: Record<string, unknown>[];
  let statuses: number[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'alerts-'));
    told = [];
    statuses = [];
    web = await startWeb(async (request, response) => {
      const headers = request.headers as Record<string, string>; // none of them comes twice
      const message = await text(request);
      const status = statuses.shift() ?? 200;
      const body = new Webhook(SECRET).verify(message, headers) as Record<string, unknown>; // a JSON object
      if (status === 200) told.push(body);
      response.writeHead(status).end();
    });
  });
  afterEach(async () => {
    await web.close();
    await rm(folder, { recursive: true, force: true });
  });

  function open(readTroubles: () => Promise<readonly Trouble[]>) {
    const config = readConfig({
      HOME: folder,
      STATE_DIR: folder,
      ALERT_WEBHOOK: web.url,
      ALERT_WEBHOOK_SECRET: SECRET,
    });
    const log = { warn: () => undefined, error: () => undefined };
    return openAlerts({ config, version: '1.2.3', log, readTroubles, lookMs: 10 });
  }

  test('it is signed, tried again, and remembered by the next server', async () => {
    let troubles: readonly Trouble[] = [LOGIN];
    statuses = [503];
    const end = open(() => Promise.resolve(troubles));
    await vi.waitUntil(() => told.length === 1, { timeout: 10_000 });
    await end();
    expect(told[0]).toMatchObject({
      type: 'alert.raised',
      data: { alert: 'not-logged-in', message: 'Log in.', version: '1.2.3' },
    });

    troubles = [];
    const endNext = open(() => Promise.resolve(troubles));
    await vi.waitUntil(() => told.length === 2, { timeout: 10_000 });
    await endNext();
    expect(told[1]).toMatchObject({ type: 'alert.over', data: { alert: 'not-logged-in' } });
  });
});

test('an address without a secret is refused at the start', () => {
  expect(() => readConfig({ HOME: '/', ALERT_WEBHOOK: 'https://example.com' })).toThrow(
    'ALERT_WEBHOOK_SECRET',
  );
});
