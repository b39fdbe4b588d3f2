import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The name of a state folder in the cluster: the sessions there are found by it, after restarts, too. */
export async function readHome(stateDir: string): Promise<string> {
  const file = join(stateDir, 'worker-id');
  const known = await readFile(file, 'utf8').catch(() => '');
  if (/^[\da-f-]{36}$/.test(known)) return known;
  const home = randomUUID();
  await mkdir(stateDir, { recursive: true });
  await writeFile(file, home, { mode: 0o600 });
  return home;
}
