import { execFileSync } from 'node:child_process';

import { aptInstall } from '../support/apt-install.ts';

/** What the tests of clusters need, and how each says that it is there: Redis, and links that can be cut. */
const NEEDED = [
  { package: 'redis-server', command: 'redis-server', version: '--version' },
  { package: 'iproute2', command: 'ip', version: '-Version' },
];

const missing = NEEDED.filter((one) => !isThere(one));
if (missing.length > 0) aptInstall(...missing.map((one) => one.package));

function isThere({ command, version }: (typeof NEEDED)[number]) {
  try {
    execFileSync(command, [version], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
