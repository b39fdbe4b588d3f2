import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { askCallThenJson, CALL_THEN_JSON } from './call-then-json.ts';
import { JSON_DIALECTS } from './json-dialects.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

describe.for(JSON_DIALECTS)('$name', (dialect) => {
  test.for([
    ['the API', false],
    ['the CLI', true],
  ] as const)('first the call, then the JSON, enforced by %s', async ([, isRefused]) => {
    for (const stream of [false, true])
      expect(await askCallThenJson(proxy, dialect, { isRefused, stream })).toEqual(CALL_THEN_JSON);
  });
});
