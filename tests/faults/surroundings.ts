import { readdirSync, readlinkSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, vi } from 'vitest';

import { textReply } from '../../src/demo/replies.ts';
import { listDescendants } from '../../src/claude/process/system-processes.ts';
import { ask } from '../support/calls.ts';
import { readProcesses, readQueue } from '../support/watch-place.ts';
import type { Product } from './start-product.ts';

/** What the product holds of the machine, counted: places, processes, temporary folders, open files. */
export type Surroundings = Readonly<Record<string, number>>;

/** Time for processes to leave: a chat's is killed after two seconds, an agent's after three. */
const PATIENCE = { timeout: 60_000, interval: 50 };

/** What it holds now. */
export async function readSurroundings(product: Product): Promise<Surroundings> {
  const { running, waiting } = await readQueue(product);
  return {
    'places in the gate': running,
    'places in the queue': waiting,
    'processes on record': (await readProcesses(product)).length,
    processes: listDescendants(product.pid).length,
    'temporary folders': (await listTemporary(product)).length,
    ...countOpenFiles(product.pid),
  };
}

/** Resolves when it answers, and holds no more than before. */
export async function expectRecovered(product: Product, before: Surroundings): Promise<void> {
  await expectAnswer(product);
  await expectReleased(product, before);
}

/** Resolves when it holds no more than before. */
export async function expectReleased(product: Product, before: Surroundings): Promise<void> {
  await vi.waitFor(async () => {
    const now = Object.entries(await readSurroundings(product));
    const more = now.filter(([name, count]) => count > (before[name] ?? 0));
    expect(Object.fromEntries(more)).toEqual({});
  }, PATIENCE);
}

/** Asks something harmless. */
export async function expectAnswer(product: Product): Promise<void> {
  const { answer } = product.model;
  product.model.answer = () => textReply('All is well.');
  try {
    const response = await ask(product, 'messages', 'How are you?');
    expect({ status: response.status, body: await response.text() }).toEqual({
      status: 200,
      body: expect.stringContaining('All is well.'),
    });
  } finally {
    product.model.answer = answer;
  }
}

/** The folders that its CLI processes have in the temporary one. */
async function listTemporary({ folder }: Pick<Product, 'folder'>): Promise<string[]> {
  const names = await readdir(join(folder, 'tmp'), { recursive: true });
  return names.filter((name) => /^w-\w+\/t\/[^/]+$/.test(name));
}

function countOpenFiles(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const file = readLink(`/proc/${pid}/fd/${name}`).replace(/:\[\d+\]$/, '');
    if (file !== '') counts[file] = (counts[file] ?? 0) + 1;
  }
  return counts;
}

function readLink(path: string) {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // closed meanwhile
  }
}
