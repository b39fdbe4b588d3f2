import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Lists the processes that a process has started, and those that they have, in whatever group: the
 * CLI puts each of its tools into a group of its own.
 */
export function listDescendants(pid: number): number[] {
  const children = Map.groupBy(listProcesses(), ({ parent }) => parent);
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

type Process = { pid: number; parent: number };

function listProcesses(): Process[] {
  return process.platform === 'linux' ? listFromProc() : listFromPs();
}

function listFromProc(): Process[] {
  const names = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return names.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      // Behind the program's name, which may hold blanks and brackets: the state, then the parent.
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(name), parent: Number(parent) }];
    } catch {
      return []; // it ended meanwhile
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
