import type { FileChanges, SessionPlace, SessionWork } from '../../backend.ts';
import type { Sessions } from '../../sessions/session-book.ts';
import type { Session } from '../../sessions/session-store.ts';
import type { Gate } from '../gate.ts';

/**
 * What a caller does with a session while no run is on it. All throw `not-found`, for another key's session
 * as for none, and `conflict` while a run is on it.
 */
export type IdleSessions = {
  /** What `rewind` would change. */
  readChanges: ChangeFiles;
  /** Puts files back as they were when a message of the user's was sent. */
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
  /** What a key asks of whoever works for it. Default: nothing. */
  readTags?: ReadTags;
};

/** The tags of a key, by its id. */
export type ReadTags = (keyId: string) => Promise<readonly string[] | undefined>;

/** Makes what works on sessions, each in turn among what else its key wants. */
export function createIdleSessions({
  sessions,
  work,
  gate,
  readTags = () => Promise.resolve(undefined),
}: IdleSessionsParts): IdleSessions {
  /** The session, with what its key asks of whoever works on it. */
  const place = async (session: Session): Promise<SessionPlace> => ({
    ...session,
    tags: await readTags(session.keyId),
  });

  async function inTurn<Result>(keyId: string, signal: AbortSignal, use: () => Promise<Result>) {
    const leave = await gate.enter(keyId, signal);
    try {
      return await use();
    } finally {
      leave();
    }
  }

  const toChange =
    (isDryRun: boolean): ChangeFiles =>
    (id, keyId, messageId, signal) =>
      sessions.useIdle(id, keyId, (session) =>
        inTurn(keyId, signal, async () =>
          work.rewindFiles(await place(session), { messageId, isDryRun }, signal),
        ),
      );

  return {
    readChanges: toChange(true),
    rewind: toChange(false),
    fork: (id, keyId, signal) =>
      sessions.fork(id, keyId, (session, newId) =>
        inTurn(keyId, signal, async () => work.fork(await place(session), newId, signal)),
      ),
  };
}
