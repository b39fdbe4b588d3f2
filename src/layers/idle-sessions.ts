import { type AllowedFolders, toAllowedPath } from '../allowed-folders.ts';
import type { FileChanges, SessionWork } from '../backend.ts';
import { RunError } from '../run-error.ts';
import type { Sessions } from '../sessions/session-book.ts';
import type { Session } from '../sessions/session-store.ts';
import type { Gate } from './gate.ts';
import { resolveWorkingDirectory } from './with-working-directory.ts';

/**
 * What a caller does with a session while no run is on it. All throw `not-found`, for another key's session
 * as for none, and `conflict` while a run is on it.
 */
export type IdleSessions = {
  /** What `rewind` would change. */
  readChanges: ChangeFiles;
  /**
   * Puts files back as they were when a message of the user's was sent. Throws `forbidden` when one of them
   * lies where agents may not work any more.
   */
  rewind: ChangeFiles;
  /** A new session with the same history. */
  fork: (id: string, keyId: string, signal: AbortSignal) => Promise<Session>;
};

type ChangeFiles = (
  id: string,
  keyId: string,
  since: string,
  signal: AbortSignal,
) => Promise<FileChanges>;

type IdleSessionsParts = {
  sessions: Pick<Sessions, 'useIdle' | 'fork'>;
  work: SessionWork;
  /** A process is started for each, as for a run. */
  gate: Pick<Gate, 'enter'>;
  folders: AllowedFolders;
};

/** Makes what works on sessions, each in a folder that is allowed now. */
export function createIdleSessions({
  sessions,
  work,
  gate,
  folders,
}: IdleSessionsParts): IdleSessions {
  async function inTurn<Result>(
    { keyId, workingDirectory }: Session,
    signal: AbortSignal,
    use: () => Promise<Result>,
  ) {
    await resolveWorkingDirectory(workingDirectory, folders);
    const leave = await gate.enter(keyId, signal);
    try {
      return await use();
    } finally {
      leave();
    }
  }

  return {
    readChanges: (id, keyId, since, signal) =>
      sessions.useIdle(id, keyId, (session) =>
        inTurn(session, signal, () =>
          work.rewindFiles(session, { messageId: since, isDryRun: true }, signal),
        ),
      ),
    rewind: (id, keyId, since, signal) =>
      sessions.useIdle(id, keyId, (session) =>
        inTurn(session, signal, async () => {
          const to = { messageId: since, isDryRun: true };
          const changes = await work.rewindFiles(session, to, signal);
          for (const file of changes.files) await checkFile(file, folders);
          await work.rewindFiles(session, { ...to, isDryRun: false }, signal);
          return changes;
        }),
      ),
    fork: (id, keyId, signal) =>
      sessions.fork(id, keyId, (session, newId) =>
        inTurn(session, signal, () => work.fork(session, newId, signal)),
      ),
  };
}

/** Folders may have been allowed when it was written, and are not now. */
async function checkFile(file: string, folders: AllowedFolders) {
  if ((await toAllowedPath(file, folders)) !== undefined) return;
  throw new RunError('forbidden', `${file} lies outside of what this server allows to agents.`);
}
