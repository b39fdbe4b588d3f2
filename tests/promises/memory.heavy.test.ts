import { afterEach, expect, test } from 'vitest';

import { say } from '../faults/dialects.ts';
import { type Product, startProduct } from '../faults/start-product.ts';
import { isAlive } from '../support/watch-place.ts';
import { type Cgroup, openCgroup } from './heavy/cgroup.ts';

let product: Product;
let cgroup: Cgroup | undefined;
afterEach(async () => {
  await product.stop();
  cgroup?.remove();
  cgroup = undefined;
});

test('an agent that takes all memory of a cgroup: the kernel ends its program, the server lives', async (ctx) => {
  const group = openCgroup('memory', 1_000_000_000);
  if (!group) return ctx.skip('It needs the right to make a cgroup.');
  cgroup = group;
  product = await startProduct({ launcher: group.launcher });
  const command = 'head -c 3000000000 /dev/zero | tail -c 3000000000 | wc -c; echo it went on';
  const body = { model: 'sonnet', prompt: `demo:bash=${command}`, allowedTools: ['Bash'] };
  const answer = await product.send('/api/run', body);
  console.log(answer.status, (await answer.text()).slice(0, 600), '');
  expect(isAlive(product.pid)).toBe(true);
  expect(await (await say(product, 'messages', 'Hello.')).text()).toContain('You said');
});
