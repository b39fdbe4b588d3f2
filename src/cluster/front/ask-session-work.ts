import type { FileChanges, SessionPlace, SessionWork } from '../../backend.ts';
import { SHARED_TRANSCRIPTS, toHome } from '../names.ts';
import type { RunError } from '../../run-error.ts';
import type { Placement } from '../placement.ts';
import { toNoWorker, toSessionAway } from '../refusals.ts';

export type AskSessionWorkOptions = {
  /** Asks a worker; throws the last of these when there is no such worker any more. */
  ask: (
    method: string,
    args: readonly unknown[],
    worker: string,
    toAway: () => RunError,
  ) => Promise<unknown>;
  placement: Pick<Placement, 'findSession' | 'noteSession'>;
  /** A worker on this state folder, if one lives and takes runs. */
  findHome: (home: string) => string | undefined;
  leastBusy: (tags?: readonly string[]) => string | undefined;
};

/**
 * What is done with sessions between their runs, asked of the worker that has them. Throws what is thrown there, and
 * `queue-timeout` while that worker is away.
 */
export function createAskSessionWork(options: AskSessionWorkOptions): SessionWork {
  const { ask, placement } = options;
  return {
    async rewindFiles(session, to) {
      const { worker, toAway } = await findHolder(session, options);
      const changes = await ask('sessionWork.rewindFiles', [toPlace(session), to], worker, toAway);
      return changes as FileChanges; // as it is there
    },
    async fork(session, newId) {
      const { worker, home, toAway } = await findHolder(session, options);
      await ask('sessionWork.fork', [toPlace(session), newId], worker, toAway);
      await placement.noteSession(newId, home);
    },
  };
}

async function findHolder(
  { id }: SessionPlace,
  { placement, findHome, leastBusy }: AskSessionWorkOptions,
) {
  const home = await placement.findSession(id);
  const isShared = home === SHARED_TRANSCRIPTS;
  const worker = home && !isShared ? findHome(home) : leastBusy(isShared ? [home] : []);
  const toAway = home && !isShared ? toSessionAway : toNoWorker;
  if (worker === undefined) throw toAway();
  return { worker, home: home ?? toHome(worker), toAway };
}

/** What is known of a session beside is the front's business. */
function toPlace({ id, workingDirectory, model }: SessionPlace): SessionPlace {
  return { id, workingDirectory, model };
}
