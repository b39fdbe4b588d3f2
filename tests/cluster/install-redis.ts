import { execFileSync } from 'node:child_process';

import { aptInstall } from '../support/apt-install.ts';

if (!hasRedis()) aptInstall('redis-server');

function hasRedis() {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
