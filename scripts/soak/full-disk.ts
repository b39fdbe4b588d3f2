import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { say } from '../../tests/faults/dialects.ts';
import type { Asker, Caller } from './kinds.ts';
import { KILLED, type Outcome } from './ledger.ts';
import { readOutcome } from './read-outcome.ts';

/** The state folder on a disk of its own, that can be full. */
export type SmallDisk = {
  fill: () => Promise<void>;
  free: () => Promise<void>;
  remove: () => void;
};

const SIZE = '256m';

const BLOCKS = [1_048_576, 4096];

/** The limit of the key that asks too often. */
const PER_MINUTE = 3;

const PATIENCE_MS = 30_000;

/** A small row may fit into what SQLite's log has of the disk already. */
const REFUSED: Readonly<Record<string, Outcome>> = {
  '503': 'refused',
  '202 without words': 'had room still',
};

/** Mounts it before the server starts; `undefined` without the right to (root with CAP_SYS_ADMIN). */
export async function mountSmallDisk(folder: string): Promise<SmallDisk | undefined> {
  const state = join(folder, 'state');
  const filler = join(state, 'filler');
  await mkdir(state);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', state], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  return {
    async fill() {
      const file = await open(filler, 'a');
      for (const size of BLOCKS) await fillWith(Buffer.alloc(size), file);
      await file.close();
    },
    free: () => rm(filler, { force: true }),
    remove: () => void spawnSync('umount', ['--lazy', state]),
  };
}

/** What is promised of a full disk, while nobody else asks. */
export async function tryFullDisk(disk: SmallDisk, asker: Asker): Promise<Outcome[]> {
  const { owner, makeKey } = asker;
  const { id, holder } = await makeKey({ requestsPerMinute: PER_MINUTE });
  await disk.fill();
  try {
    const answers = await Promise.all([ask(asker.own, asker), ask(asker.greedy, asker)]);
    const limited = await Promise.all(
      Array.from({ length: 2 * PER_MINUTE }, () => ask(holder, asker)),
    );
    const passed = limited.filter((outcome) => outcome !== '429').length;
    await disk.fill(); // processes that ended meanwhile have left room
    const refused = await Promise.all([
      readOutcome(owner.send('/api/run', { prompt: 'Hi', background: true }), 'nothing'),
      readOutcome(owner.send('/api/admin/keys', { name: 'no-room', scopes: ['chat'] }), 'nothing'),
    ]);
    return [
      ...answers,
      passed === PER_MINUTE ? 'the limit held' : `${passed} passed a limit of ${PER_MINUTE}`,
      ...refused.map((outcome) => REFUSED[outcome] ?? outcome),
      await storeAgain(disk, owner),
    ];
  } finally {
    await disk.free();
    await owner.send(`/api/admin/keys/${id}`, undefined, { method: 'DELETE' });
  }
}

function ask(caller: Pick<Caller, 'send'>, { mark }: Asker) {
  const text = mark();
  return readOutcome(say(caller, 'messages', `Say ${text}.`), text);
}

async function storeAgain(disk: SmallDisk, { send }: Pick<Caller, 'send'>): Promise<Outcome> {
  await disk.free();
  for (const endsAt = performance.now() + PATIENCE_MS; performance.now() < endsAt;) {
    const made = await send('/v1/responses', { model: 'sonnet', input: 'Hello.' });
    const { id } = (await made.json()) as { id?: string }; // the API's response object
    if (id === undefined) return KILLED;
    const isStored = (await send(`/v1/responses/${id}`)).ok;
    const ready = await (await send('/ready')).text();
    if (isStored && !ready.includes('nothing-stored')) return 'stored again';
    await delay(500);
  }
  return 'nothing is stored';
}

async function fillWith(block: Buffer, file: Awaited<ReturnType<typeof open>>) {
  try {
    for (;;) await file.write(block);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
