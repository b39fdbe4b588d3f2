import type { DashboardParts } from '../dashboard-parts.ts';

/** Known folders that are offered. */
const MOST_FOLDERS = 20;

/** Where the key's sessions of agents worked. */
export async function listFolders({ sessions }: DashboardParts, keyId: string): Promise<string[]> {
  const known = (await sessions.list(keyId)).map(({ workingDirectory }) => workingDirectory);
  return [...new Set(known)].slice(0, MOST_FOLDERS);
}
