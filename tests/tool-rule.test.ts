import { expect, test } from 'vitest';

import { readToolRule } from '../src/tool-rule.ts';

test.for([
  ['Read', 'Read', undefined],
  ['mcp__tickets__search', 'mcp__tickets__search', undefined],
  ['Bash(git log *)', 'Bash', 'git log *'],
  ['Bash(git push *, git pull *)', 'Bash', 'git push *, git pull *'],
  ['Bash(echo $(date))', 'Bash', 'echo $(date)'],
  ['Edit(/src/**)', 'Edit', '/src/**'],
])('%s is a rule', ([text, tool, pattern]) => {
  expect(readToolRule(text ?? '')).toEqual({ tool, pattern });
});

test.for([
  '',
  'Bash(x) Write,Edit(z)',
  'Bash(x),Write(y)',
  'Bash(x)\tWrite(y)',
  'Bash(a (b) Write,Edit(c))',
  'Bash(a\nb)',
  'Bash(x',
  'Bash)x(',
  'Bash(x)Write(y)',
  'Read Write',
  'Read,Write',
  '--bare',
])('%j is none, or several', (text) => {
  expect(readToolRule(text)).toBeUndefined();
});
