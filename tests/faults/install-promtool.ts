import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { PROMTOOL, PROMTOOL_FOLDER } from './promtool.ts';

// Taken out of Debian's package: to install that would start its server. Where it cannot be had, the test says so.
if (!existsSync(PROMTOOL)) {
  try {
    mkdirSync(PROMTOOL_FOLDER, { recursive: true });
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    execFileSync('apt-get', ['download', '-qq', 'prometheus'], {
      cwd: PROMTOOL_FOLDER,
      stdio: 'inherit',
    });
    for (const name of readdirSync(PROMTOOL_FOLDER).filter((file) => file.endsWith('.deb'))) {
      execFileSync('dpkg', ['-x', name, '.'], { cwd: PROMTOOL_FOLDER });
      rmSync(join(PROMTOOL_FOLDER, name));
    }
  } catch (error) {
    console.error(`No promtool could be had: ${String(error)}`);
  }
}
