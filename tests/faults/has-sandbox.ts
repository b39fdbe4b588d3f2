import { execFileSync } from 'node:child_process';

/** Whether the CLI's sandbox can run on this machine: bubblewrap that may make namespaces, and socat. */
export function hasSandbox(): boolean {
  try {
    execFileSync('bwrap', ['--ro-bind', '/', '/', '--unshare-net', 'true'], { stdio: 'ignore' });
    execFileSync('socat', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
