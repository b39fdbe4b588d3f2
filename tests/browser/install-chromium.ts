import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { CHROMIUM } from './open-browser.ts';

// Debian's own, so that nothing is downloaded past the package manager.
if (!existsSync(CHROMIUM)) {
  const run = (...args: string[]) =>
    execFileSync('apt-get', args, {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  run('update', '-qq');
  run('install', '-y', '-qq', '--no-install-recommends', 'chromium');
}
