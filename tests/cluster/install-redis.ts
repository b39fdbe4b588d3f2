import { execFileSync } from 'node:child_process';

import { aptInstall } from '../support/apt-install.ts';

if (!isThere('redis-server', '--version')) aptInstall('redis-server');
if (!isThere('ip', '-Version')) tryInstall('iproute2');

/** Without it the tests cut TCP relays. */
function tryInstall(name: string) {
  try {
    aptInstall(name);
  } catch (error) {
    console.log(`${name} cannot be installed: ${String(error)}`);
  }
}

function isThere(command: string, version: string) {
  try {
    execFileSync(command, [version], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
