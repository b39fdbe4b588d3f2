import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { CHROMIUM } from './open-browser.ts';

// Debian's own, so that nothing is downloaded past the package manager.
if (!existsSync(CHROMIUM)) {
  aptGet('update', '-qq');
  aptGet('install', '-y', '-qq', '--no-install-recommends', 'chromium');
}

function aptGet(...args: string[]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', args, { stdio: 'inherit', env });
}
