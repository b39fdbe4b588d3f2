import { expect, test } from 'vitest';

import type { RunErrorCode } from '../../src/run-error.ts';
import { RunError } from '../../src/run-error.ts';
import { createTestApp, post } from '../support/create-test-app.ts';
import { readDocument } from './read-blocks.ts';

/** Every code: the compiler names one that is missing. */
const CODES = Object.keys({
  'invalid-request': 1,
  unauthenticated: 1,
  forbidden: 1,
  'not-found': 1,
  conflict: 1,
  'method-not-allowed': 1,
  'model-not-found': 1,
  'request-too-large': 1,
  'context-overflow': 1,
  'queue-full': 1,
  'queue-timeout': 1,
  'rate-limited': 1,
  overloaded: 1,
  'not-logged-in': 1,
  timeout: 1,
  'start-timeout': 1,
  'first-byte-timeout': 1,
  'silence-timeout': 1,
  'upstream-failed': 1,
  'cli-failed': 1,
  'storage-failed': 1,
  loop: 1,
  'shutting-down': 1,
  cancelled: 1,
  internal: 1,
} satisfies Record<RunErrorCode, 1>) as RunErrorCode[]; // `keys` forgets the names

const rows = readDocument('docs/errors.md')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const messages = [{ role: 'user', content: 'Hi' }];

const ROUTES = [
  [0, '/v1/chat/completions', { model: 'sonnet', messages }],
  [0, '/v1/completions', { model: 'sonnet', prompt: 'Hi' }],
  [0, '/v1/responses', { model: 'sonnet', input: 'Hi', store: false }],
  [1, '/v1/messages', { model: 'sonnet', max_tokens: 10, messages }],
  [2, '/api/run', { model: 'sonnet', prompt: 'Hi' }],
] as const;

test('docs/errors.md has one row for each failure', () => {
  const named = rows.map((cells) => /`(.*)`/.exec(cells[2] ?? '')?.[1]);
  expect(named).toHaveLength(CODES.length);
  expect(new Set(named)).toEqual(new Set(CODES));
});

test.each(CODES)('%s answers as docs/errors.md says', async (code) => {
  const row = rows.find((cells) => cells[2]?.endsWith(`\`${code}\``)) ?? [];
  const app = createTestApp({
    run: () => {
      throw new RunError(code, 'It failed.');
    },
  });
  for (const [column, path, body] of ROUTES) {
    const response = await post(app, path, body);
    const { error } = (await response.json()) as { error: { code?: string; type?: string } };
    expect([path, `${response.status} \`${error.code ?? error.type}\``]).toEqual([
      path,
      row[column],
    ]);
    // Clients are not to be told to try again where the document says that it cannot help.
    const mayHelp = response.headers.get('x-should-retry') !== 'false' || code === 'rate-limited';
    expect(mayHelp || row[4]?.startsWith('no')).toBe(true);
  }
});
