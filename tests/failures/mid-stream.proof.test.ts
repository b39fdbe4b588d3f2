import { afterAll, beforeAll } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { describeEarlyDeath, describeMidStream, FACT_NAMES } from './describe-mid-stream.ts';

const KILLED = 'a stream whose CLI is killed ends with the error';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy();
});
afterAll(() => proxy.stop());

// mid-stream.cli.test.ts has the rest.
describeMidStream(() => proxy, 'chat completions', FACT_NAMES);
describeMidStream(
  () => proxy,
  'agent runs',
  FACT_NAMES.filter((fact) => fact !== KILLED),
);
describeEarlyDeath(() => proxy, 'chat completions');
