import { execFile } from 'node:child_process';

import { readAudit } from './read-audit.ts';

/** In milliseconds. */
const LONGEST_MS = 60_000;

// npm ends with 1 both for a finding and for a registry that cannot be asked; its report tells them apart.
const text = await new Promise<string>((resolve) => {
  execFile('npm', ['audit', '--json'], { timeout: LONGEST_MS }, (_, stdout) => resolve(stdout));
});
const { state, sentence } = readAudit(text);
console.log(sentence);
process.exitCode = state === 'found' ? 1 : 0;
