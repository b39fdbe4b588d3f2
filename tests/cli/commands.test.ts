import { expect, test } from 'vitest';

import { findCommand } from '../../src/cli/commands.ts';
import { HELP } from '../../src/cli/flags.ts';
import { createContext } from './command-context.ts';

const NAMES = ['doctor', 'status', 'env', 'keys'];

test.each(NAMES)('%s --help tells how it is used, and does nothing else', async (name) => {
  for (const flag of ['--help', '-h']) {
    const { context, lines, warnings } = createContext([flag], {});
    expect(await (await findCommand(name))?.(context)).toBe(0);
    expect(lines.join('\n')).toContain(`claude-code-proxy ${name}`);
    expect(lines.join('\n')).toContain('--json');
    expect(warnings).toEqual([]);
  }
  expect(HELP).toMatch(new RegExp(`^ {2}${name} `, 'm'));
});

test.each(NAMES)('%s tells its version', async (name) => {
  for (const flag of ['--version', '-v']) {
    const { context, lines } = createContext([flag], {});
    expect(await (await findCommand(name))?.(context)).toBe(0);
    expect(lines).toEqual(['1.2.3']);
  }
});

test.each([
  ['doctor', '--timeout=soon', '--timeout takes seconds, up to 3600, not "soon". See --help'],
  ['doctor', '--timeout=0', '--timeout takes seconds'],
  ['doctor', '--timeout=1e9', '--timeout takes seconds'],
  ['status', '--timeout=-1', '--timeout takes seconds'],
  ['status', '--timeout=', '--timeout takes seconds'],
  ['doctor', '--prot', "Unknown option '--prot'. See --help"],
  ['env', 'now', "Unexpected argument 'now'. See --help"],
])('%s %s gets one sentence', async (name, flag, sentence) => {
  const { context } = createContext([flag], {});
  const answer = async () => (await findCommand(name))?.(context);
  await expect(answer).rejects.toThrow(sentence);
});
