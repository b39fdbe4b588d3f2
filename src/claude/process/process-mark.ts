import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

import { listPids, readProcessStart } from './system-processes.ts';

/**
 * The environment variable that marks everything a CLI process starts, so that it is found even after
 * its parent has ended. A program that clears its environment (`env -i`) is not found.
 */
export const MARK_NAME = 'CLAUDE_CODE_PROXY_PROCESS';

/** Processes may start others while we look, so we look again; one that forks endlessly is given up on. */
const MOST_LOOKS = 50;

/**
 * Kills every process of this user whose environment contains exactly one of the marks; returns how many.
 * On macOS it finds those whose environment `ps` shows, which leaves out the system's own programs.
 */
export function endMarked(marks: ReadonlySet<string>): number {
  const ended = new Set<string>();
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const before = ended.size;
    for (const pid of listMarked(marks)) {
      const start = readProcessStart(pid);
      const name = `${pid} ${start}`;
      if (start === undefined || ended.has(name)) continue;
      // Between the two looks the pid may have been given to another process.
      if (isMarked(pid, marks) && readProcessStart(pid) === start && kill(pid)) ended.add(name);
    }
    if (ended.size === before) break;
  }
  return ended.size;
}

function listMarked(marks: ReadonlySet<string>): number[] {
  if (marks.size === 0) return [];
  if (process.platform !== 'linux') return listFromPs([], marks);
  return listPids().filter((pid) => pid !== process.pid && isMarked(pid, marks));
}

function isMarked(pid: number, marks: ReadonlySet<string>): boolean {
  if (process.platform !== 'linux') return listFromPs(['-p', String(pid)], marks).includes(pid);
  try {
    if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) return false;
    const variables = readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
    return variables.some((variable) => isMark(variable, marks));
  } catch {
    return false; // it ended meanwhile, or is not ours to read
  }
}

function listFromPs(which: readonly string[], marks: ReadonlySet<string>): number[] {
  try {
    const args = ['-E', '-ww', '-o', 'pid=,uid=,command=', ...(which.length > 0 ? which : ['-A'])];
    const lines = execFileSync('ps', args, { encoding: 'utf8', maxBuffer: 100_000_000 });
    return lines.split('\n').flatMap((line) => {
      const [pid, uid, ...words] = line.trim().split(/\s+/);
      const isOurs = Number(uid) === process.getuid?.() && Number(pid) !== process.pid;
      return isOurs && words.some((word) => isMark(word, marks)) ? [Number(pid)] : [];
    });
  } catch {
    return [];
  }
}

function isMark(variable: string, marks: ReadonlySet<string>): boolean {
  const prefix = `${MARK_NAME}=`;
  return variable.startsWith(prefix) && marks.has(variable.slice(prefix.length));
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it ended just now
  }
}
