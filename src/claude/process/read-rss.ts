import { readFile } from 'node:fs/promises';

/** The memory of a process in bytes; `undefined` where the system does not tell (macOS), or it is gone. */
export async function readRssBytes(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
