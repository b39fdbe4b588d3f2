import { afterEach, expect, test } from 'vitest';

import { errorReply, textReply } from '../../src/demo/replies.ts';
import { ask } from '../support/calls.ts';
import { type Proxy, type ProxyOptions, startProxy } from '../support/start-proxy.ts';
import { createStub, type Stub } from '../support/stub-cli.ts';

let proxy: Proxy | undefined;
let stub: Stub | undefined;
afterEach(async () => {
  await proxy?.stop();
  await stub?.remove();
  proxy = stub = undefined;
});

/** A login that has a plan, as the CLI sees it; with a key it tells of none. */
const LOGIN = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-of-a-test' };

const PATIENCE = { timeout: 10_000 };

const RESETS_AT = Math.floor(Date.now() / 1000) + 3600;

/** As the API tells it. */
function toHeaders(used: string, status: string) {
  return {
    'anthropic-ratelimit-unified-status': status,
    'anthropic-ratelimit-unified-reset': String(RESETS_AT),
    'anthropic-ratelimit-unified-representative-claim': 'five_hour',
    'anthropic-ratelimit-unified-5h-status': status,
    'anthropic-ratelimit-unified-5h-utilization': used,
    'anthropic-ratelimit-unified-5h-reset': String(RESETS_AT),
    'anthropic-ratelimit-unified-7d-utilization': '0.42',
    'anthropic-ratelimit-unified-7d-reset': String(RESETS_AT + 86_400),
  };
}

test('what the API tells the CLI of the plan is told by the status, the metrics, /ready and answers', async () => {
  proxy = await startProxy({
    environment: LOGIN,
    settings: { PLAN_LIMIT_HEADERS: 'on' },
    answer: () => ({ ...textReply('Hi.'), headers: toHeaders('0.87', 'allowed') }),
  });
  expect((await ask(proxy, 'chat completions', 'Hi')).status).toBe(200);
  await expect.poll(readLimits, PATIENCE).toEqual([
    { window: 'five_hour', used: 0.87, isReached: false, resetsAt: toIso(RESETS_AT) },
    { window: 'seven_day', used: 0.42, isReached: false, resetsAt: toIso(RESETS_AT + 86_400) },
  ]);
  expect(await read('/ready')).toContain('"warnings":["plan-limit-near"]');
  const metrics = (await read('/metrics')).split('\n');
  expect(metrics).toContain('claude_proxy_plan_used_ratio{window="five_hour"} 0.87');
  expect(metrics).toContain(
    `claude_proxy_plan_reset_timestamp_seconds{window="five_hour"} ${RESETS_AT}`,
  );
  const { headers } = await ask(proxy, 'messages', 'Hi');
  expect(headers.get('anthropic-ratelimit-unified-5h-utilization')).toBe('0.87');
  expect(headers.get('anthropic-ratelimit-unified-7d-reset')).toBe(String(RESETS_AT + 86_400));
});

test('a plan that is used up is a warning; no caller is told of it unless the operator wants that', async () => {
  proxy = await startProxy({
    environment: LOGIN,
    answer: () => {
      const refusal = errorReply(429, 'rate_limit_error', 'The limit is reached.');
      return { ...refusal, headers: toHeaders('1', 'rejected') };
    },
  });
  expect((await ask(proxy, 'chat completions', 'Hi')).status).toBe(429);
  await expect.poll(() => read('/ready'), PATIENCE).toContain('"warnings":["plan-limit-reached"]');
  const { headers } = await ask(proxy, 'messages', 'Hi');
  expect([...headers.keys()].filter((name) => name.includes('unified'))).toEqual([]);
});

test('the CLI of a login of /login is asked before the first request', async () => {
  // It asks the API itself, past the loopback model.
  stub = await createStub((cli) => {
    const usual = { ...cli };
    cli.onControl = (line) => {
      if (line.request?.subtype !== 'get_usage') return usual.onControl(line);
      const five_hour = { utilization: 93, resets_at: new Date(Date.now() + 60_000).toISOString() };
      const response = { rate_limits_available: true, rate_limits: { five_hour } };
      const { request_id } = line;
      const answer = { subtype: 'success', request_id, response };
      return cli.say({ type: 'control_response', response: answer });
    };
  });
  await start({ claudePath: stub.path });
  await expect.poll(readLimits, PATIENCE).toMatchObject([{ window: 'five_hour', used: 0.93 }]);
});

async function start(options: ProxyOptions) {
  proxy = await startProxy(options);
}

async function read(path: string): Promise<string> {
  return (await proxy?.send(path))?.text() ?? '';
}

async function readLimits(): Promise<unknown> {
  return JSON.parse(await read('/api/admin/status')).planLimits;
}

function toIso(seconds: number) {
  return new Date(seconds * 1000).toISOString();
}
