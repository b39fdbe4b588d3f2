import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * When a process started, in the system's own notation. Pids are reused, but a pid and its start name one
 * process for good. `undefined` when there is no such process.
 */
export function readProcessStart(pid: number): string | undefined {
  try {
    return process.platform === 'linux' ? readStartFromProc(pid) : readStartFromPs(pid);
  } catch {
    return undefined;
  }
}

/**
 * Lists the processes that a process has started, and theirs, in whatever process group: the CLI puts
 * each of its tools into a group of its own.
 */
export function listDescendants(pid: number): number[] {
  const all = process.platform === 'linux' ? listFromProc() : listFromPs();
  const children = Map.groupBy(all, ({ parent }) => parent);
  const found: number[] = [];
  const look = (parent: number): void => {
    for (const child of children.get(parent) ?? []) {
      found.push(child.pid);
      look(child.pid);
    }
  };
  look(pid);
  return found;
}

/** The memory of a process in bytes; `undefined` when it is gone, or the system does not say (macOS). */
export function readRssBytes(pid: number | undefined): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** The pids that Linux lists. */
export function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

type Process = { pid: number; parent: number };

function readStartFromProc(pid: number): string | undefined {
  const { state, startTicks } = readStat(pid);
  if (state === 'Z' || startTicks === undefined) return undefined;
  // Ticks count from the boot, so that they repeat after the next one.
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${startTicks}`;
}

function readStartFromPs(pid: number): string | undefined {
  const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    // The words and hours of the date must not depend on this process's locale.
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [state, ...start] = line.trim().split(/\s+/);
  return state === undefined || state.startsWith('Z') ? undefined : start.join(' ');
}

function listFromProc(): Process[] {
  return listPids().flatMap((pid) => {
    try {
      return [{ pid, parent: readStat(pid).parent }];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

function listFromPs(): Process[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent] = line.trim().split(/\s+/).map(Number);
      return { pid: pid ?? 0, parent: parent ?? 0 };
    });
}

/** See proc_pid_stat(5). Throws when there is no such process. */
function readStat(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The second field is the program's name, in brackets; it may itself contain spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], parent: Number(fields[1]), startTicks: fields[19] };
}
