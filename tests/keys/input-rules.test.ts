import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { checkAllowedPaths } from '../../src/allowed-folders.ts';
import { type ApiKey, OWNER } from '../../src/keys/api-key.ts';
import { createInputRules } from '../../src/keys/input-rules.ts';
import type { ApprovalRequest, InputAnswer } from '../../src/run-input.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rules-'));
  await mkdir(join(folder, 'work'));
  await symlink('/etc', join(folder, 'work', 'link'));
});
afterEach(() => rm(folder, { recursive: true }));

const ALLOW = { decision: 'allow' } as const;

async function check(
  request: Partial<ApprovalRequest>,
  answer: InputAnswer = ALLOW,
  key: Partial<ApiKey> | undefined = {},
) {
  const found = key && { ...OWNER, ...key };
  const rules = createInputRules({ get: () => Promise.resolve(found) });
  const asked = { id: 'inp_1', callId: 'toolu_1', toolName: 'Bash', input: {}, suggestions: [] };
  const paths = await rules('key', { type: 'approval-request', ...asked, ...request }, answer);
  await checkAllowedPaths(paths, {
    defaultFolder: join(folder, 'work'),
    allowedRoots: [join(folder, 'work')],
    stateFolder: join(folder, 'state'),
  });
}

const write = (file_path: string) => ({ toolName: 'Write', input: { file_path } });

describe('the folders of the server win over an approval', () => {
  test('what lies inside may be allowed', async () => {
    await expect(check(write(join(folder, 'work', 'new', 'file')))).resolves.toBeUndefined();
    const command = { input: { command: 'ls' }, path: join(folder, 'work') };
    await expect(check(command)).resolves.toBeUndefined();
  });

  test.each([
    ['outside', () => write('/etc/passwd')],
    ['through a link', () => write(join(folder, 'work', 'link', 'passwd'))],
    ['in the state folder', () => write(join(folder, 'state', 'key'))],
    ['by a relative path', () => write('../secret')],
    ['of a command, as far as the CLI tells', () => ({ path: '/etc' })],
    ['of a search', () => ({ toolName: 'Grep', input: { pattern: 'x', path: '/etc' } })],
  ])('%s', async (_, toRequest) => {
    await expect(check(toRequest())).rejects.toMatchObject({ code: 'forbidden', param: 'input' });
    await check(toRequest(), { decision: 'deny', message: 'No.' });
  });

  test('a changed input is judged by itself', async () => {
    const inside = { file_path: join(folder, 'work', 'file') };
    await check({ ...write('/etc/passwd'), path: '/etc' }, { ...ALLOW, input: inside });
    const outside = { ...ALLOW, input: { file_path: '/etc/passwd' } };
    await expect(check({ toolName: 'Write', input: inside }, outside)).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

describe('the rules of the key win over an approval', () => {
  test('a denied tool', async () => {
    await expect(check({}, ALLOW, { deniedTools: ['Bash'] })).rejects.toThrow(
      'This key may not use the tool Bash.',
    );
  });

  test('a changed input, where a rule is about inputs', async () => {
    const deniedTools = ['Bash(rm *)'];
    await check({ input: { command: 'ls' } }, ALLOW, { deniedTools });
    const changed = { ...ALLOW, input: { command: 'true && rm x' } };
    await expect(check({}, changed, { deniedTools })).rejects.toMatchObject({
      code: 'forbidden',
      param: 'input',
    });
    await check({}, changed, { deniedTools: ['WebFetch'] });
  });
});

test('a revoked key allows nothing', async () => {
  const rules = createInputRules({ get: () => Promise.resolve(undefined) });
  const question = { type: 'question', id: 'inp_1', callId: 'toolu_1', questions: [] } as const;
  await expect(rules('key', question, ALLOW)).rejects.toMatchObject({ code: 'unauthenticated' });
});
