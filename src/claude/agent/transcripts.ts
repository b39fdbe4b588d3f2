import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../../run-error.ts';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Deletes what the CLI wrote down of a session, in whichever project folder: `<id>.jsonl`, and the
 * folder `<id>` beside it. What is missing is fine. Throws `invalid-request` for an id that is no UUID.
 */
export async function removeTranscript(configFolder: string, sessionId: string): Promise<void> {
  if (!UUID.test(sessionId)) {
    throw new RunError('invalid-request', 'A session id is a UUID.', { param: 'sessionId' });
  }
  const projects = join(configFolder, 'projects');
  const folders = await readdir(projects, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  await Promise.all(
    folders
      .filter((folder) => folder.isDirectory())
      .flatMap(({ name }) => [
        rm(join(projects, name, `${sessionId}.jsonl`), { force: true }),
        rm(join(projects, name, sessionId), { force: true, recursive: true }),
      ]),
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
