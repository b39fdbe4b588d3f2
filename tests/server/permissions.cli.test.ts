import { expect, test } from 'vitest';

import { shareProxy } from '../support/share-proxy.ts';
import type { Proxy } from '../support/start-proxy.ts';

let proxy: Proxy;

test('skipping permissions is a 403 unless the operator allows it', async () => {
  proxy = await shareProxy();
  const response = await proxy.send('/api/run', {
    prompt: 'Hello.',
    permissionMode: 'bypassPermissions',
  });
  expect(response.status).toBe(403);
  expect(await response.json()).toMatchObject({
    error: { code: 'forbidden', param: 'permissionMode' },
  });
  expect(proxy.model.requests).toEqual([]);
});

// The CLI itself refuses it to root.
const isRoot = process.getuid?.() === 0;

test('with the operator’s leave it runs tools unasked, though not for root', async () => {
  proxy = await shareProxy({ settings: { ALLOW_BYPASS_PERMISSIONS: 'true' } });
  const response = await proxy.send('/api/run', {
    prompt: 'demo:bash=echo done',
    permissionMode: 'bypassPermissions',
  });
  expect(JSON.stringify(await response.json())).toContain(
    isRoot ? 'does not skip permissions for root' : 'The tool said: \\"done',
  );
  expect(response.status).toBe(isRoot ? 403 : 200);
});

test('a tool that was not allowed is refused, and the answer says which', async () => {
  proxy = await shareProxy();
  const response = await proxy.send('/api/run', { prompt: 'demo:bash=touch made' });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    permissionDenials: [{ toolName: 'Bash', toolInput: { command: 'touch made' } }],
  });
});
