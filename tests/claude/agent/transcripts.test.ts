import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTranscript } from '../../../src/claude/agent/transcripts.ts';

const ID = '5f0c2d1e-8a44-4c57-9f0b-0d6a3f1f2b11';
const OTHER_ID = '5f0c2d1e-8a44-4c57-9f0b-0d6a3f1f2b12';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const write = async (...paths: string[]): Promise<void> => {
  for (const path of paths) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), 'text');
  }
};

const listFiles = async (): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
};

test('the transcript, the folder beside it and its checkpoints go, in whichever project; all else stays', async () => {
  const others = [
    `${ID}.jsonl`,
    `projects/${ID}.jsonl`,
    `projects/-work/${OTHER_ID}.jsonl`,
    `projects/-work/${OTHER_ID}/subagents/agent.jsonl`,
    `projects/-work/deep/${ID}.jsonl`,
    `projects/-work/${ID}.jsonl.bak`,
    `file-history/${OTHER_ID}/before@v1`,
    'settings.json',
  ].toSorted();
  await write(
    `projects/-work/${ID}.jsonl`,
    `projects/-work/${ID}/subagents/agent.jsonl`,
    `projects/-elsewhere/${ID}.jsonl`,
    `file-history/${ID}/before@v1`,
    ...others,
  );
  await removeTranscript(folder, ID);
  expect(await listFiles()).toEqual(others);
});

test('what a symlink points to stays', async () => {
  await write(`outside/${ID}.jsonl`, 'outside/precious', 'projects/-work/other.jsonl');
  await symlink(join(folder, 'outside'), join(folder, 'projects/link'));
  await symlink(join(folder, 'outside'), join(folder, 'projects/-work', ID));
  await removeTranscript(folder, ID);
  expect(await readdir(join(folder, 'outside'))).toEqual([`${ID}.jsonl`, 'precious']);
  expect(await readdir(join(folder, 'projects/-work'))).toEqual(['other.jsonl']);
});

test.each([
  { name: 'no config folder', paths: [] },
  { name: 'no project', paths: ['projects/not-a-folder'] },
  { name: 'no transcript', paths: ['projects/-work/other.jsonl'] },
])('$name is fine', async ({ paths }) => {
  await write(...paths);
  await removeTranscript(folder, ID);
  expect(await listFiles()).toEqual(paths);
});

test.each(['', '..', '../-work', 'other', `${ID}/../other`, `${ID}\n`, '*'])(
  'an id that is no UUID (%j) is refused and deletes nothing',
  async (id) => {
    await write('projects/-work/other.jsonl', 'projects/-work/other/file', 'projects/-work/.jsonl');
    const before = await listFiles();
    await expect(removeTranscript(folder, id)).rejects.toMatchObject({ code: 'invalid-request' });
    expect(await listFiles()).toEqual(before);
  },
);
