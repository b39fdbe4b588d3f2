import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** A group of processes with a limit of its own, inside the one of this process. */
export type Cgroup = {
  /** What a program is started with to be in it. */
  launcher: readonly string[];
  listPids(): number[];
  /** What the kernel tells under this name. */
  read(name: string): string;
  /** Throws while somebody is in it. */
  remove(): void;
};

/** The files of the limits, by version of the kernel's interface: `[first, second]`. */
const LIMITS = {
  pids: ['pids.max', 'pids.max'],
  memory: ['memory.limit_in_bytes', 'memory.max'],
} as const;

/** Makes one with this limit. `undefined` where that is not allowed here. */
export function openCgroup(controller: keyof typeof LIMITS, limit: number): Cgroup | undefined {
  const [first, second] = LIMITS[controller];
  const isFirst = existsSync(join(ROOT, controller));
  const own = new RegExp(isFirst ? `^\\d+:${controller}:(.*)$` : '^0::(.*)$', 'm').exec(
    readFileSync('/proc/self/cgroup', 'utf8'),
  )?.[1];
  const folder = join(ROOT, isFirst ? controller : '', own ?? '', `heavy-test-${process.pid}`);
  const read = (name: string) => readFileSync(join(folder, name), 'utf8').trim();
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, isFirst ? first : second), String(limit));
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return undefined;
  }
  return {
    launcher: ['sh', '-c', `echo $$ > '${folder}/cgroup.procs'; exec "$@"`, 'sh'],
    listPids: () => read('cgroup.procs').split('\n').filter(Boolean).map(Number),
    read,
    remove: () => rmdirSync(folder),
  };
}
