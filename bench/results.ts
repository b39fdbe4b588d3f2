import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const RESULTS = join(import.meta.dirname, 'RESULTS.md');

/** The sections behind the first table, in their order. */
export const REST = '## Histories and shapes';
export const POOLS = '## Pools';

/** What stands in the file in front of a section; all of it where there is none. */
export async function readBefore(section: string): Promise<string> {
  const [before = ''] = (await readFile(RESULTS, 'utf8')).split(section);
  return `${before.trimEnd()}\n\n`;
}

/** A section and all behind it; nothing where there is none. */
export async function readFrom(section: string): Promise<string> {
  const results = await readFile(RESULTS, 'utf8');
  const start = results.indexOf(section);
  return start === -1 ? '' : results.slice(start);
}
