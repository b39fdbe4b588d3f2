import { type AllowedFolders, toAllowedPath } from '../../allowed-folders.ts';
import type { SessionPlace, SessionWork } from '../../backend.ts';
import { RunError } from '../../run-error.ts';
import { resolveWorkingDirectory } from '../with-working-directory.ts';

/**
 * Works on sessions only in folders that are allowed now. Throws `forbidden` for a session's folder that is not, and for
 * a file that would be put back where agents may not work any more.
 */
export function sessionWorkInFolders(work: SessionWork, folders: AllowedFolders): SessionWork {
  const place = async (session: SessionPlace): Promise<SessionPlace> => {
    const { id, model } = session;
    const workingDirectory = await resolveWorkingDirectory(session.workingDirectory, folders);
    return { id, model, workingDirectory };
  };

  return {
    async rewindFiles(session, { messageId, isDryRun }, signal) {
      const placed = await place(session);
      const changes = await work.rewindFiles(placed, { messageId, isDryRun: true }, signal);
      if (isDryRun) return changes;
      for (const file of changes.files) await checkFile(file, folders);
      await work.rewindFiles(placed, { messageId, isDryRun: false }, signal);
      return changes;
    },
    fork: async (session, newId, signal) => work.fork(await place(session), newId, signal),
  };
}

/** Folders may have been allowed when it was written, and are not now. */
async function checkFile(file: string, folders: AllowedFolders) {
  if ((await toAllowedPath(file, folders)) !== undefined) return;
  throw new RunError('forbidden', `${file} lies outside of what this server allows to agents.`);
}
