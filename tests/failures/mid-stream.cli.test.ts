import { beforeAll } from 'vitest';

import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';
import { describeEarlyDeath, describeMidStream, FACT_NAMES } from './describe-mid-stream.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await shareProxy();
});

// mid-stream.proof.test.ts has the other dialects.
describeMidStream(() => proxy, 'messages', FACT_NAMES);
describeMidStream(() => proxy, 'agent runs', ['a stream whose CLI is killed ends with the error']);
describeEarlyDeath(() => proxy, 'messages');
