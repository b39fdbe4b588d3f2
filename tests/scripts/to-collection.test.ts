import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { toCollection } from '../../scripts/to-collection.ts';
import { toOpenapi } from '../../src/openapi/to-openapi.ts';
import { OPERATIONS } from '../support/openapi-checks.ts';
import { APP_KEY, createTestApp } from '../support/create-test-app.ts';

type Resource = {
  _id: string;
  _type: string;
  parentId: string | null;
  url?: string;
  method?: string;
  headers?: { name: string; value: string }[];
  authentication?: { token?: string };
  body?: { text?: string; params?: object[] };
};

const KEPT = readJson('docs/insomnia.json') as { resources: Resource[] };
const REQUESTS = KEPT.resources.filter(({ _type }) => _type.endsWith('request'));
const WITHOUT_ID = REQUESTS.filter(
  // A form needs a file of somebody's.
  ({ _type, url, body }) => _type === 'request' && !url?.includes('_.id') && !body?.params,
);

test('docs/insomnia.json is up to date: else `npm run collection`', () => {
  const { version } = readJson('package.json') as { version: string };

  expect(KEPT).toEqual(toCollection(toOpenapi({ version })));
});

test('it has a request for every route', () => {
  const names = REQUESTS.map(({ method = 'GET', url = '' }) => `${method} ${toPath(url)}`);

  expect(new Set(names)).toEqual(new Set(OPERATIONS.keys()));
});

test('each resource has an id of its own and stands in one that exists', () => {
  const ids = KEPT.resources.map(({ _id }) => _id);

  expect(new Set(ids).size).toBe(ids.length);
  for (const { parentId } of KEPT.resources)
    expect(parentId === null || ids.includes(parentId)).toBe(true);
});

test.each(WITHOUT_ID)('$_id is answered as it stands there', async (resource) => {
  const { method = 'GET', url = '', headers = [], authentication, body } = resource;
  const key = authentication?.token?.replace('{{ _.key }}', APP_KEY);
  const answer = await createTestApp().request(url.replace('{{ _.base_url }}', ''), {
    method,
    headers: Object.fromEntries([
      ...headers.map(({ name, value }) => [name, value]),
      ...(key ? [['authorization', `Bearer ${key}`]] : []),
    ]) as Record<string, string>, // pairs of texts
    body: body?.text ?? null,
  });

  // What an API has and this server has not is told as the document tells it.
  const { responses } = OPERATIONS.get(`${method} ${toPath(url)}`) ?? {};
  const [status] = Object.keys(responses ?? {});
  expect(String(answer.status)).toBe(status);
  const told = Object.keys(responses?.[status ?? '']?.content ?? {});
  const type = String(answer.headers.get('content-type')).split(';')[0];
  expect(told).toContain(type);
  const isStreamed = url.endsWith('/api/events') || body?.text?.includes('"stream"') === true;
  expect(type === 'text/event-stream').toBe(isStreamed);
});

function toPath(url: string) {
  return url.replace(/^\{\{ _\.base_url.*?\}\}/, '').replaceAll(/\{\{ _\.(\w+) \}\}/g, '{$1}');
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
}
