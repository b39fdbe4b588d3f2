import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Tells when a process started, in a notation of the system's own: together with the pid it names one
 * process for ever, while a pid alone is given out again. `undefined` when no such process lives.
 */
export function readProcessStart(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid);
  } catch {
    return undefined;
  }
}

function readFromProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the program's name, which may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === 'Z' || startTicks === undefined) {
    return undefined;
  }
  // Ticks count from the boot, so they come again after the next one.
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${startTicks}`;
}

function readFromPs(pid: number): string | undefined {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    // The date's words and hours must not depend on who asks.
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [state, ...start] = line.trim().split(/\s+/);
  return state === undefined || state.startsWith('Z') ? undefined : start.join(' ');
}
