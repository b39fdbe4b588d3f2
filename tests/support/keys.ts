import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { KeyRules } from '../../src/keys/api-key.ts';
import { addKey } from '../../src/keys/edit-keys.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { createKeyRules } from '../../src/keys/key-rules.ts';
import { createKeyStore } from '../../src/keys/key-store.ts';
import type { KeyPlace } from '../../src/keys/key-place.ts';
import { createKeysFile } from '../../src/keys/keys-file.ts';
import { withKey } from '../../src/layers/with-key.ts';
import { createCounters } from '../../src/limits/counters.ts';
import { createKeyLimits } from '../../src/limits/key-limits.ts';
import type { Run } from '../../src/run.ts';
import { APP_KEY, CLI_STATUS, createTestApp, sayHello, type TestParts } from './create-test-app.ts';

/** Each rule that a key can have. */
export const EVERY_RULE = {
  scopes: ['chat', 'agent'],
  models: ['sonnet'],
  requestsPerMinute: 10,
  tokensPerMinute: 1000,
  tokensPerDay: 5000,
  runningAtOnce: 2,
  usdPerDay: 2.5,
  usdPerRun: 0.5,
  secondsPerRun: 60,
  backgroundRuns: 5,
  waitingRuns: 1,
  permissionModes: ['plan'],
  mcpHosts: ['tools.example.com'],
  tags: ['gpu'],
  deniedTools: ['Bash(git push *)'],
} as const;

export type KeysFolder = {
  /** The state folder. */
  path: string;
  file: string;
  place: KeyPlace;
  /** Adds a key, a chat key unless told otherwise, and returns its text. */
  add(rules?: Partial<KeyRules>, name?: string): Promise<string>;
  remove(): Promise<void>;
};

/** A state folder that a test may add keys to. */
export async function createKeysFolder(): Promise<KeysFolder> {
  const path = await mkdtemp(join(tmpdir(), 'keys-'));
  const file = join(path, 'keys.json');
  const place = createKeysFile(file);
  let count = 0;
  return {
    path,
    file,
    place,
    async add(rules = {}, name = `key-${(count += 1)}`) {
      const { key } = await addKey(place, name, { scopes: ['chat'], ...rules });
      return key;
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

/** The app with keys, rules and limits as the server has them, and a run of the test's own. */
export function createKeyedApp(
  { place }: Pick<KeysFolder, 'place'>,
  run: Run = sayHello,
  settings: TestParts['settings'] = {},
  parts: Pick<TestParts, 'runs' | 'responses' | 'signIns'> & { now?: () => number } = {},
) {
  const { now, ...rest } = parts;
  const keys = createKeyBook({ ownerKey: APP_KEY, place, ...(now && { now }) });
  const limits = createKeyLimits({ counters: createCounters() });
  const applyRules = createKeyRules({
    modelAliases: new Map([['gpt-4o', 'sonnet']]),
    readModels: () => Promise.resolve(CLI_STATUS.models),
  });
  const keyStore = createKeyStore(place);
  return createTestApp({
    ...rest,
    keys,
    keyStore,
    limits,
    settings,
    run: withKey(run, { keys, applyRules, limits }),
  });
}
