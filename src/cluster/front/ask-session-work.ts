import type { FileChanges, SessionPlace, SessionWork } from '../../backend.ts';
import type { Placement } from '../placement.ts';
import type { AskAWorker } from './ask-a-worker.ts';
import { findHolder, type FindHolderOptions } from './find-holder.ts';

export type AskSessionWorkOptions = FindHolderOptions & {
  ask: AskAWorker;
  placement: Pick<Placement, 'findSession' | 'noteSession'>;
};

/**
 * What is done with sessions between their runs, asked of the worker that has them. Throws what is thrown there, and
 * `queue-timeout` while that worker is away.
 */
export function createAskSessionWork(options: AskSessionWorkOptions): SessionWork {
  const { ask, placement } = options;
  return {
    async rewindFiles(session, to) {
      const { addressee } = await findHolder(session, options);
      const asking = { ...addressee, isRepeatable: to.isDryRun };
      const changes = await ask('sessionWork.rewindFiles', [toPlace(session), to], asking);
      return changes as FileChanges; // as it is there
    },
    async fork(session, newId) {
      const { home, addressee } = await findHolder(session, options);
      await placement.noteSession(newId, home); // one that fails half done is found, and removed
      await ask('sessionWork.fork', [toPlace(session), newId], addressee);
    },
  };
}

/** What is known of a session beside is the front's business. */
function toPlace({ id, workingDirectory, model }: SessionPlace): SessionPlace {
  return { id, workingDirectory, model };
}
