import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { addKey, revokeKey } from '../../src/keys/edit-keys.ts';
import type { KeyPlace } from '../../src/keys/key-place.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

const BODY = { model: 'sonnet', max_tokens: 10, messages: [{ role: 'user', content: 'Hi' }] };

let proxy: Proxy;
let file: KeyPlace;
beforeAll(async () => {
  proxy = await startProxy();
  file = toKeysFile(join(proxy.folder, 'state'));
});
afterAll(() => proxy.stop());

const send = (path: string, body: unknown, key: string) =>
  proxy.send(path, body, { headers: { authorization: `Bearer ${key}` } });

test('a key that is added to a running server counts, over a restart, until it is revoked', async () => {
  const { key } = await addKey(file, 'laptop', { scopes: ['chat'], requestsPerMinute: 3 });
  const first = await send('/v1/messages', BODY, key);
  expect(first.status).toBe(200);
  expect(first.headers.get('anthropic-ratelimit-requests-remaining')).toBe('2');

  const counted = await send('/v1/messages/count_tokens', BODY, key);
  expect(counted.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1');

  proxy = await proxy.restart();
  const second = await send('/v1/messages', BODY, key);
  expect(second.headers.get('anthropic-ratelimit-requests-remaining')).toBe('0');
  const refused = await send('/v1/messages', BODY, key);
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);

  await revokeKey(file, 'laptop');
  expect((await send('/v1/messages', BODY, key)).status).toBe(401);
});

test('a tool that the key denies does not run, though the caller allows it', async () => {
  const { key } = await addKey(file, 'robot', { scopes: ['agent'], deniedTools: ['Bash'] });
  const body = { model: 'sonnet', prompt: 'demo:bash=echo 4711', allowedTools: ['Bash'] };
  const response = await send('/api/run', body, key);
  expect(response.status).toBe(200);
  expect(JSON.stringify(await response.json())).not.toContain('said: \\"4711');
  const tools = proxy.model.requests.at(-1)?.body.tools ?? [];
  expect(tools.map(({ name }) => name)).toContain('Read');
  expect(tools.map(({ name }) => name)).not.toContain('Bash');
});

test('a name that was made to lead here is a 403 on the socket, too', async () => {
  const asking = request(`${proxy.url}/health`, { headers: { host: 'evil.example.com' } }).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]; // as Node documents it
  expect(answer.statusCode).toBe(403);
  expect(await text(answer)).toContain('ALLOWED_HOSTS');
});
