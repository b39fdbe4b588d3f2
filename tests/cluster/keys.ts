import { randomUUID } from 'node:crypto';

import { expect } from 'vitest';

import { createSend, type Proxy } from '../support/start-proxy.ts';
import type { Member } from './start-cluster.ts';

/** Adds a key at a front. */
export async function addKey(front: Member, rules: object): Promise<{ key: string; id: string }> {
  const name = `key-${randomUUID()}`;
  const response = await front.send('/api/admin/keys', { name, ...rules });
  expect(response.status).toBe(200);
  return (await response.json()) as { key: string; id: string }; // the answer of that route
}

/** Sends with another key than the owner's. */
export function sendAs({ url }: Member, key: string): Proxy['send'] {
  return createSend(url, { connection: 'close', authorization: `Bearer ${key}` });
}
