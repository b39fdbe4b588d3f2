import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { PAGE_PATHS } from '../../src/dashboard/pages.ts';
import { type Listening, listen } from '../../src/http/listen.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { createKeyStore } from '../../src/keys/key-store.ts';
import { APP_KEY, createTestApp, type TestParts } from '../support/create-test-app.ts';
import { createKeysFolder, type KeysFolder } from '../support/keys.ts';
import { findFaults, NO_FAULTS } from './find-faults.ts';
import { openBrowser } from './open-browser.ts';
import { openPage, signIn } from './open-page.ts';
import { seedWatch } from './seed-watch.ts';

/** Pictures are kept where this variable says, for people to look at. */
const PICTURES = process.env['PICTURES'];

const SCREENS = {
  light: {},
  dark: { colorScheme: 'dark' as const },
  phone: { viewport: { width: 360, height: 740 }, hasTouch: true },
};

const HOUR_MS = 3_600_000;

const PLAN = [
  { window: 'five_hour', used: 0.87, isReached: false, resetsAtMs: Date.now() + 2 * HOUR_MS },
  { window: 'seven_day', used: 0.42, isReached: false, resetsAtMs: Date.now() + 90 * HOUR_MS },
];

/** What a server may have to show. */
const STATES: Readonly<Record<string, (folder: KeysFolder) => Promise<TestParts>>> = {
  empty: () => Promise.resolve({}),
  async full(folder) {
    await folder.add({ requestsPerMinute: 60, tokensPerDay: 2_000_000, usdPerDay: 20 }, 'frontend');
    await folder.add({ scopes: ['chat', 'agent'], models: ['sonnet'], runningAtOnce: 4 }, 'evals');
    const keyStore = createKeyStore(folder.place);
    const keyIds = ['default', ...(await keyStore.list()).map(({ id }) => id)];
    const health = { planLimits: () => PLAN };
    return { keyStore, health, watch: seedWatch({ count: 3000, failedEach: 37, keyIds }) };
  },
  async broken(folder) {
    await writeFile(folder.file, '{');
    const status = { isLoggedIn: false, account: undefined, models: [] };
    return {
      keyStore: createKeyStore(folder.place),
      readCliStatus: () => Promise.resolve(status),
      health: {
        isCountedInMemory: () => true,
        isDraining: () => true,
        planLimits: () => PLAN.map((limit) => ({ ...limit, used: 1, isReached: true })),
        cliVersion: '2.1.200',
      },
    };
  },
};

let browser: Browser;
let close: () => Promise<void>;
beforeAll(async () => {
  ({ browser, close } = await openBrowser());
});
afterAll(() => close?.());

describe.each(Object.keys(STATES))('%s', (state) => {
  let folder: KeysFolder;
  let server: Listening;
  beforeAll(async () => {
    folder = await createKeysFolder();
    const parts = (await STATES[state]?.(folder)) ?? {};
    const keys = createKeyBook({ ownerKey: APP_KEY, place: folder.place });
    server = await serve({ keys, ...parts });
  });
  afterAll(async () => {
    const drained = server.drain();
    server.cut();
    await drained;
    await folder.remove();
  });

  test.each(Object.entries(SCREENS))(
    'on a %s screen nothing is serious for axe, nothing wider than it',
    async (screen, options) => {
      const { page, complaints, hosts } = await openPage(browser, server.url, options);
      expect(await findFaults(page)).toEqual(NO_FAULTS);
      await signIn(page, APP_KEY);
      for (const path of PAGE_PATHS) {
        await page.goto(server.url + path);
        await openFolds(page);
        if (PICTURES) await picture(page, `${state}-${screen}-${path.slice(1) || 'overview'}`);
        expect([path, await findFaults(page)]).toEqual([path, NO_FAULTS]);
      }
      await page.context().close();
      expect(complaints).toEqual([]);
      expect([...hosts]).toEqual([new URL(server.url).host]);
    },
  );
});

/** The first few, so that what they hide is looked at, too. */
async function openFolds(page: Page) {
  await page.evaluate(
    "for (const one of [...document.querySelectorAll('main details')].slice(0, 3)) one.open = true",
  );
}

function picture(page: Page, name: string) {
  return page.screenshot({ path: join(PICTURES ?? '.', `${name}.png`), fullPage: true });
}

function serve(parts: TestParts) {
  return listen({
    fetch: createTestApp(parts).fetch,
    host: '127.0.0.1',
    port: 0,
    maxMessageBytes: 10_000,
    requestTimeoutMs: 60_000,
  });
}
