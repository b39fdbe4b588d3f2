import { afterAll, beforeAll } from 'vitest';

import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { BEFORE_A_STREAM, describeUpstream } from './describe-upstream.ts';
import { answerAsTold, UPSTREAM_CASE_NAMES } from './upstream-cases.ts';

let proxy: Proxy;
beforeAll(async () => {
  proxy = await startProxy({ answer: answerAsTold, settings: { CLAUDE_MAX_RETRIES: '1' } });
});
afterAll(() => proxy.stop());

// Those of /v1/messages are in upstream.cli.test.ts.
describeUpstream(() => proxy, 'chat completions', UPSTREAM_CASE_NAMES, BEFORE_A_STREAM);
describeUpstream(() => proxy, 'agent runs', UPSTREAM_CASE_NAMES, BEFORE_A_STREAM);
