import { execFileSync } from 'node:child_process';

/** Installs packages of Debian, so that nothing is downloaded past the package manager. Throws when that fails. */
export function aptInstall(...packages: readonly string[]): void {
  aptGet('update', '-qq');
  aptGet('install', '-y', '-qq', '--no-install-recommends', ...packages);
}

function aptGet(...args: string[]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', args, { stdio: 'inherit', env });
}
