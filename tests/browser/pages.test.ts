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
import { closePage, openPage, signIn, type WatchedPage } from './open-page.ts';
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

  describe.each(Object.entries(SCREENS))('on a %s screen', (screen, options) => {
    let watched: WatchedPage;
    beforeAll(async () => {
      watched = await openPage(browser, server.url, options);
    });
    afterAll(() => closePage(watched, server.url));

    test('the sign-in has no fault and lets in', async () => {
      expect(await findFaults(watched.page)).toEqual(NO_FAULTS);
      await signIn(watched.page, APP_KEY);
    });

    test.each(PAGE_PATHS)('nothing on %s is serious for axe or wider than it', async (path) => {
      const { page } = watched;
      await page.goto(server.url + path);
      await openFolds(page);
      if (PICTURES) await picture(page, `${state}-${screen}-${path.slice(1) || 'overview'}`);
      expect(await findFaults(page)).toEqual(NO_FAULTS);
    });
  });
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
