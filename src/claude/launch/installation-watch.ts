import { stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the CLI keeps its login; settings.json may name the operator's own helper. */
const LOGIN_FILES = ['.credentials.json', 'settings.json'];

/**
 * Makes a check that tells whether the CLI itself or its login changed since it was last asked: a
 * process that is up keeps on with what it read at its start.
 */
export function createInstallationWatch(
  claudePath: string,
  claudeFolder: string,
): () => Promise<boolean> {
  const files = [claudePath, ...LOGIN_FILES.map((name) => join(claudeFolder, name))];
  let known: string | undefined;

  return async () => {
    const found = (await Promise.all(files.map(toStamp))).join(' ');
    const hasChanged = known !== undefined && known !== found;
    known = found;
    return hasChanged;
  };
}

async function toStamp(file: string) {
  const found = await stat(file).catch(() => undefined);
  return found ? `${found.ino}:${found.mtimeMs}:${found.size}` : '-';
}
