import Anthropic from '@anthropic-ai/sdk';
import OpenAI, { toFile } from 'openai';
import { afterEach } from 'vitest';

import type { KeyRules } from '../../src/keys/api-key.ts';
import { createKeyBook } from '../../src/keys/key-book.ts';
import { addKey, revokeKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { createGate } from '../../src/layers/gate.ts';
import { createHeldPlaces, withGate } from '../../src/layers/with-gate.ts';
import { withKey } from '../../src/layers/with-key.ts';
import { createCounters } from '../../src/limits/counters.ts';
import { createKeyLimits } from '../../src/limits/key-limits.ts';
import type { Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import { APP_KEY, createTestApp, sayHello } from '../support/create-test-app.ts';
import { createKeysFolder } from '../support/keys.ts';
import { openTestBatches, type TestBatchesOptions } from '../support/open-test-batches.ts';

export type BatchAppOptions = Pick<TestBatchesOptions, 'settings' | 'now' | 'mostAtOnce'> & {
  run?: Run;
  concurrency?: number;
  maxBodyBytes?: number;
  maxFileBytes?: number;
  /** The folder of an earlier app, which goes on with it. */
  folder?: string;
  isAlone?: boolean;
};

type BatchApp = Awaited<ReturnType<typeof openBatchApp>>;

/** The app with batches, a gate and keys as the server has them, and a run of the test's own. */
export async function openBatchApp({
  run = sayHello,
  concurrency = 4,
  settings,
  now,
  mostAtOnce = () => Promise.resolve(concurrency),
  folder: given,
  isAlone = true,
  ...limits
}: BatchAppOptions = {}) {
  const folder = given === undefined ? await createKeysFolder() : toKeysFolder(given);
  const keys = createKeyBook({ ownerKey: APP_KEY, place: folder.place });
  const keyLimits = createKeyLimits({ counters: createCounters() });
  const parts = {
    keys,
    limits: keyLimits,
    applyRules: (_key: unknown, request: Parameters<Run>[0]) => Promise.resolve(request),
  };
  const gate = createGate({ concurrency, maxQueueSize: 100, queueTimeoutMs: 60_000 });
  const batches = openTestBatches({
    folder: folder.path,
    isAlone,
    enter: (keyId, signal) => gate.enter(keyId, signal, { isLast: true }),
    mostAtOnce,
    ...(settings && { settings }),
    ...(now && { now }),
  });
  const app = createTestApp({
    batches,
    keys,
    limits: keyLimits,
    run: withKey(withGate(run, createHeldPlaces(gate)), parts),
    settings: { maxBodyBytes: 1_000_000, maxFileBytes: 1_000_000, ...limits },
  });
  const reach: typeof fetch = async (input, init) => app.fetch(new Request(input, init));
  const toClients = (apiKey: string) => ({
    openai: new OpenAI({ baseURL: 'http://app/v1', apiKey, fetch: reach, maxRetries: 0 }),
    anthropic: new Anthropic({ baseURL: 'http://app', apiKey, fetch: reach, maxRetries: 0 }),
  });
  let closing: Promise<void> | undefined;
  const closeBatches = () =>
    (closing ??= batches.close(new RunError('shutting-down', 'The server stops.')));
  return {
    app,
    gate,
    batches: { ...batches, close: closeBatches },
    folder: folder.path,
    ...toClients(APP_KEY),
    /** The clients of a key of its own. */
    withKey: async (rules: Partial<KeyRules> = {}) => {
      const { id, key } = await addKey(folder.place, 'other', { scopes: ['chat'], ...rules });
      return { ...toClients(key), keyId: id, revoke: () => revokeKey(folder.place, 'other') };
    },
    async close() {
      await closeBatches();
      await folder.remove();
    },
  };
}

/** Whoever made it removes it. */
function toKeysFolder(path: string) {
  return { path, place: toKeysFile(path), remove: () => Promise.resolve() };
}

/** The lines of a batch's file for chats with these ids. */
export function toChatLines(ids: readonly string[], more: object = {}): string {
  return ids.map((id) => `${JSON.stringify(toChatLine(id, more))}\n`).join('');
}

export function toChatLine(id: string, more: object = {}) {
  return {
    custom_id: id,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'sonnet', messages: [{ role: 'user', content: `Say ${id}.` }], ...more },
  };
}

/** Uploads the lines and makes a batch of them. */
export async function startBatch(
  openai: OpenAI,
  text: string,
  endpoint: OpenAI.BatchCreateParams['endpoint'] = '/v1/chat/completions',
) {
  const file = await openai.files.create({
    file: await toFile(Buffer.from(text), 'asked.jsonl'),
    purpose: 'batch',
  });
  return openai.batches.create({ input_file_id: file.id, endpoint, completion_window: '24h' });
}

const ENDED = ['completed', 'failed', 'expired', 'cancelled'];

/** Asks until the batch has ended. */
export async function untilEnded(openai: OpenAI, id: string): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await openai.batches.retrieve(id);
    if (ENDED.includes(batch.status)) return batch;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The same for a batch of messages. */
export async function untilMessagesEnded(anthropic: Anthropic, id: string) {
  for (;;) {
    const batch = await anthropic.messages.batches.retrieve(id);
    if (batch.processing_status === 'ended') return batch;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A line of a batch's output. */
export type OutputLine = {
  id: string;
  custom_id: string;
  response: { status_code: number; request_id: string; body: Record<string, unknown> } | null;
  error: { code: string; message: string } | null;
};

/** The lines of a file. */
export async function readOutput(
  openai: OpenAI,
  id: string | null | undefined,
): Promise<OutputLine[]> {
  if (!id) return [];
  const text = await (await openai.files.content(id)).text();
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as OutputLine); // as the test's own server wrote it
}

/** The ids of so many requests. */
export const toIds = (count: number) =>
  Array.from({ length: count }, (_, index) => `item-${index}`);

/** Makes what tells the error of a call that has to fail, as this package's own kind. */
export function toFailureOf<Failure extends Error>(
  kind: abstract new (...args: never[]) => Failure,
) {
  return async (promise: Promise<unknown>): Promise<Failure> => {
    const error = await promise.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (error instanceof kind) return error;
    throw new Error(`It did not fail: ${String(error)}`);
  };
}

/** Opens the app of one test after the other; each is closed behind its test. */
export function openForEach() {
  let app: BatchApp;
  afterEach(() => app.close());
  return async (options?: BatchAppOptions) => {
    app = await openBatchApp(options);
    return app;
  };
}
