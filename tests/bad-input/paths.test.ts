import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { RunError } from '../../src/run-error.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';
import { OPERATIONS } from '../support/openapi-checks.ts';
import { findCounterexample } from './find-counterexample.ts';
import { readComplaint } from './read-complaint.ts';

const none = () => Promise.resolve([]);

const notFound = () => Promise.reject(new RunError('not-found', 'There is no such thing.'));

const app = createTestApp({
  // Streams that go on until the server stops end at once.
  responses: { stopping: AbortSignal.abort() },
  sessions: { list: none, get: notFound, read: notFound, delete: notFound },
  run: () => {
    throw new Error('Nothing of this may run.');
  },
});

const WITHOUT_BODY = [...OPERATIONS].filter(([, { requestBody }]) => !requestBody);

const ODD_TEXTS = [
  '',
  '%',
  '%00',
  '%E0%A4%A',
  '%2e%2e%2f',
  '..',
  '//',
  '__proto__',
  'constructor',
  'null',

  '-1',
  '1e9',
  '9'.repeat(400),
  'x'.repeat(5000),
  '%F0%9F%98%80',
  '%0d%0ax:%20y',
  'a;b=c',
  'a=b&a=c',
];

const oddText = fc.oneof(fc.constantFrom(...ODD_TEXTS), fc.string().map(encodeURIComponent));

const query = fc.dictionary(
  fc.constantFrom(
    'limit',
    'after',
    'order',
    'range',
    'stream',
    'starting_after',
    'include',
    'beta',
    '__proto__',
  ),
  oddText,
  { maxKeys: 3 },
);

/** So that every run of the tests does the same. */
const SEED = 20_261_124;

/** As far as the platform lets a header be made at all. */
const headerText = fc.stringMatching(/^[\t -~\u0080-\u00FF]{0,60}$/);

const headers = fc.dictionary(
  fc.constantFrom(
    'accept',
    'origin',
    'cookie',
    'content-type',
    'content-length',
    'sec-fetch-site',
    'forwarded',

    'x-forwarded-for',
    'x-forwarded-proto',
    'anthropic-version',
    'anthropic-beta',
    'last-event-id',
    'if-none-match',
    'range',
    'upgrade',
    'connection',
    'user-agent',
    'x-request-id',
    'host',
  ),
  headerText,
  { maxKeys: 4 },
);

const hostile = fc.record({ id: oddText, query, headers });

test.each(WITHOUT_BODY)(
  '%s answers whatever stands in its path, query and headers',
  async (name) => {
    const [method = '', path = ''] = name.split(' ');
    const fault = await findCounterexample(hostile, { count: 100, seed: SEED }, async (given) => {
      const text = Object.entries(given.query)
        .map(([key, value]) => `${key}=${value}`)
        .join('&');
      const url = `http://app${path.replace('{id}', given.id)}?${text}`;
      const authorization = `Bearer ${APP_KEY}`;
      const response = await app.request(url, {
        method,
        headers: { ...given.headers, authorization },
      });
      const answer = await response.text();
      if (response.status >= 500) throw new Error(answer);
      if (response.status < 400) return;
      const { message } = readComplaint(name, answer);
      if (typeof message !== 'string' || message === '') throw new Error(`No message: ${answer}`);
    });
    expect(fault).toBeUndefined();
  },
);

test('no text in the place of a key lets anybody in, or breaks anything', async () => {
  const keys = fc.record({ authorization: headerText, 'x-api-key': headerText });
  // From the fifth wrong key on each costs time.
  const fault = await findCounterexample(keys, { count: 4, seed: SEED }, async (given) => {
    const { status } = await app.request('http://app/v1/models', { headers: given });
    if (status !== 401) throw new Error(`A ${status}.`);
  });
  expect(fault).toBeUndefined();
});
