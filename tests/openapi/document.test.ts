import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';

import { PAGE_PATHS } from '../../src/dashboard/pages.ts';
import { createTestApp, get } from '../support/create-test-app.ts';
import { ALIASES, ROUTES } from '../support/routes.ts';
import { checkOf, DOCUMENT, OPERATIONS } from '../support/openapi-checks.ts';

const app = createTestApp();

test('GET /openapi.json needs no key, and is the document', async () => {
  const response = await app.request('/openapi.json');

  expect(response.status).toBe(200);
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
  expect(DOCUMENT.info.version).toBe('1.2.3');
});

test('it is a valid OpenAPI 3.1 document', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(JSON.parse(JSON.stringify(DOCUMENT)));

  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

test('it has every route of the app, and no other', () => {
  expect([...OPERATIONS.keys()].toSorted()).toEqual(toRoutes().toSorted());
});

test('no two operations have one name', () => {
  const ids = [...OPERATIONS.values()].map((operation) => Object(operation).operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

describe('what needs the key', () => {
  test.each([...OPERATIONS])('%s', async (name, { security }) => {
    const [method = '', path = ''] = name.split(' ');
    const { status } = await app.request(path.replace('{id}', 'x'), { method });

    expect(status === 401).toBe(security === undefined);
  });
});

describe('request bodies', () => {
  const bodies = [...OPERATIONS].flatMap(([name, { requestBody }]) => {
    const { schema, example } = requestBody?.content['application/json'] ?? {};
    return schema
      ? [{ name, example, check: checkOf(String(schema.$ref?.split('/').at(-1))) }]
      : [];
  });

  test.each(bodies)('the example of $name fits its schema', ({ example, check }) => {
    expect(check(example)).toEqual([]);
  });

  test.each(bodies)('$name without its fields does not', ({ check }) => {
    expect(check([])).not.toEqual([]);
  });

  test.each([
    ...ROUTES.filter(({ body }) => body),
    { method: 'POST', path: '/v1/responses', body: toConversation() },
  ])('what $path takes in other tests fits', ({ path, body }) => {
    const { schema } =
      OPERATIONS.get(`POST ${path}`)?.requestBody?.content['application/json'] ?? {};
    expect(checkOf(String(schema?.$ref?.split('/').at(-1)))(body)).toEqual([]);
  });
});

test('aliases are told of, and served', async () => {
  expect(DOCUMENT.info.description).toContain('served without it');
  for (const { path } of ALIASES.filter(({ body }) => !body))
    expect((await get(app, path)).status).toBe(200);
});

/** The pages are for people: what they are made of is no API. */
const PAGES = new RegExp(`^(${PAGE_PATHS.join('|')}|/(sign-(in|out)|assets/.*|dashboard/.*))$`);

/** The app's own routes as the document writes them; middleware, aliases and pages do not count. */
function toRoutes(): string[] {
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  const paths = new Set(routes.map(({ path }) => path));
  const isAlias = (path: string) =>
    path.startsWith('/v1/v1/') || (!path.startsWith('/v1/') && paths.has(`/v1${path}`));
  const names = routes
    .filter(({ path }) => !isAlias(path) && !PAGES.test(path))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`);
  return [...new Set(names)];
}

/** Messages may leave out their type. */
function toConversation() {
  const content = [{ type: 'input_text', text: 'Hi' }];
  const call = { type: 'function_call', call_id: 'c', name: 'weather', arguments: '{}' };
  return {
    model: 'sonnet',
    input: [
      { role: 'user', content },
      { type: 'message', role: 'assistant', content: 'Hello.' },
      call,
      { type: 'function_call_output', call_id: 'c', output: 'Sunny.' },
    ],
  };
}
