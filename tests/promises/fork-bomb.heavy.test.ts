import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import { say } from '../faults/dialects.ts';
import { type Product, startProduct } from '../faults/start-product.ts';
import { isAlive } from '../support/watch-place.ts';
import { type Cgroup, openCgroup } from './heavy/cgroup.ts';

const MAX_TASKS = 220;

/** Longest time for which a command goes on, whatever becomes of the test. */
const SECONDS = 20;

/** Forks as often as it may; each of them ends by itself. */
const COMMANDS = {
  'many sleepers': `for i in $(seq 1 400); do sleep ${SECONDS} & done; wait`,
  'a fork bomb': `timeout -s KILL ${SECONDS} bash -c 'b() { b | b & sleep 0.2; }; b'; sleep ${SECONDS}`,
} as const;

let product: Product;
let cgroup: Cgroup | undefined;
afterEach(async () => {
  await product.stop();
  for (let round = 0; round < 100 && cgroup?.listPids().length; round += 1) {
    for (const pid of cgroup.listPids()) process.kill(pid, 'SIGKILL');
    await delay(50);
  }
  cgroup?.remove();
  cgroup = undefined;
});

test.for(Object.keys(COMMANDS) as (keyof typeof COMMANDS)[])(
  '%s of an agent: the server lives, and is rid of it when the run is cancelled',
  async (name, ctx) => {
    const group = openCgroup('pids', MAX_TASKS);
    if (!group) return ctx.skip('It needs the right to make a cgroup.');
    cgroup = group;
    product = await startProduct({ launcher: group.launcher });
    await (await say(product, 'messages', 'Hello.')).text();
    const body = { model: 'sonnet', prompt: `demo:bash=${COMMANDS[name]}`, allowedTools: ['Bash'] };
    const begun = await product.send('/api/run', { ...body, background: true });
    const { id } = (await begun.json()) as { id: string }; // our own route
    while (Number(group.read('pids.current')) < MAX_TASKS - 5) await delay(20);
    expect(Number(group.read('pids.current'))).toBeLessThanOrEqual(MAX_TASKS);

    const meanwhile = await say(product, 'responses', 'Hello, too.');
    console.log(name, 'meanwhile:', meanwhile.status, (await meanwhile.text()).slice(0, 300));
    expect((await product.send('/health')).status).toBe(200);
    await product.send(`/api/runs/${id}`, undefined, { method: 'DELETE' });
    const endsAt = performance.now() + 10_000;
    const isBombed = () => group.listPids().length > 12;
    while (isBombed() && performance.now() < endsAt) await delay(50);
    console.log(name, 'left:', group.listPids().length);
    expect(isBombed()).toBe(false);
    expect(isAlive(product.pid)).toBe(true);
    expect(await (await say(product, 'messages', 'Hello again.')).text()).toContain('You said');
  },
);
