import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';

const RESULTS = join(import.meta.dirname, 'RESULTS.md');

/** The sections of the file, in their order, by their headings. */
const SECTIONS = ['# Results', '## Histories and shapes', '## Pools', '## Cluster'] as const;

export type Section = (typeof SECTIONS)[number];

/** Writes a section anew, and leaves the others as they are. */
export async function writeSection(section: Section, body: string): Promise<void> {
  const found = new Map<string, string>();
  for (const text of (await readFile(RESULTS, 'utf8')).split(/^(?=##? )/m)) {
    found.set(text.split('\n', 1)[0] ?? '', text.trimEnd());
  }
  found.set(section, `${section}\n\n${body.trimEnd()}`);
  const texts = SECTIONS.flatMap((heading) => found.get(heading) ?? []);
  await writeFile(RESULTS, `${texts.join('\n\n')}\n`);
}

/** Where the figures of a section come from: the command, and how often it did what. */
export function toOrigin(command: string, rounds?: object): string {
  const often = rounds ? ` (${JSON.stringify(rounds)})` : '';
  const today = new Date().toISOString().slice(0, 10);
  return `Written by \`${command}\`${often} on ${today}, Node ${process.versions.node}, ${cpus().length} cores`;
}
