import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test, vi } from 'vitest';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { type Product, startProduct } from './start-product.ts';

let product: Product;
afterEach(() => product.stop());

type Told = { id: string; runId: string; state: string; approvals: Told[] };

const read = async (response: Promise<Response>): Promise<Told> =>
  (await response).json() as Promise<Told>; // what it holds is looked at below

/** What a run waits for, as soon as it does. */
async function untilAsked(runId: string) {
  const asked = async () => {
    const { approvals } = await read(product.send('/api/approvals'));
    expect(approvals).toMatchObject([{ runId }]);
    return approvals[0]?.id;
  };
  return vi.waitFor(asked, 120_000);
}

const allow = (run: string, approval: string | undefined) =>
  product.send(`/api/runs/${run}/approvals/${approval}`, { decision: 'allow' });

test('a run that waits for leave when the proxy is killed is interrupted, and goes on when it is resumed', async () => {
  const input = { command: 'touch made', description: 'work' };
  let isAllowed = false;
  product = await startProduct({
    answer: () => (isAllowed ? textReply('Done.') : toolReply([{ name: 'Bash', input }])),
  });
  const body = { model: 'sonnet', prompt: 'Work.', permissionMode: 'ask', background: true };
  const { id } = await read(product.send('/api/run', body));
  const approval = await untilAsked(id);

  product = await product.restart('SIGKILL');
  expect(await read(product.send(`/api/runs/${id}`))).toMatchObject({ state: 'interrupted' });
  expect((await allow(id, approval)).status).toBe(409);
  expect(await read(product.send('/api/approvals'))).toEqual({ approvals: [] });

  const resumed = await read(product.send(`/api/runs/${id}/resume`, {}));
  const next = await untilAsked(resumed.id);
  isAllowed = true;
  expect((await allow(resumed.id, next)).status).toBe(200);
  await (await product.send(`/api/runs/${resumed.id}/events`)).text();
  expect(await read(product.send(`/api/runs/${resumed.id}`))).toMatchObject({ state: 'done' });
  expect(await readdir(join(product.folder, 'workspace'))).toEqual(['made']);
});
