import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks a second, as Linux counts processor time. */
const TICKS = 100;

type Usage = { parent: number; ownMs: number; reapedMs: number };

/** Processor time of a process so far, in milliseconds, without that of its children. */
export function readOwnCpuMs(pid: number): number {
  return readUsage(pid)?.ownMs ?? Number.NaN;
}

/** Processor time of the children of this process that have ended, in milliseconds. */
export function readReapedCpuMs(): number {
  return readUsage(process.pid)?.reapedMs ?? Number.NaN;
}

/** Processor time of a process, its living descendants and all that they have outlived, in milliseconds. */
export function readTreeCpuMs(root: number): number {
  const usages = new Map<number, Usage>();
  for (const name of readdirSync('/proc')) {
    const usage = /^\d+$/.test(name) && readUsage(Number(name));
    if (usage) usages.set(Number(name), usage);
  }
  const toSum = (pid: number): number => {
    const { ownMs = 0, reapedMs = 0 } = usages.get(pid) ?? {};
    const children = [...usages].filter(([, { parent }]) => parent === pid);
    return children.reduce((sum, [child]) => sum + toSum(child), ownMs + reapedMs);
  };
  return toSum(root);
}

/** `undefined` when the process is gone. See proc_pid_stat(5), fields 4 and 14 to 17. */
function readUsage(pid: number): Usage | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name of the program, in brackets, may have blanks and brackets in it.
  const fields = stat.slice(stat.lastIndexOf(') ') + 2).split(' ');
  const toMs = (first: number) =>
    ((Number(fields[first]) + Number(fields[first + 1])) * 1000) / TICKS;
  return { parent: Number(fields[1]), ownMs: toMs(11), reapedMs: toMs(13) };
}
