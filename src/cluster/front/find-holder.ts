import type { TranscriptPlace } from '../../sessions/session-transcript.ts';
import { SHARED_TRANSCRIPTS } from '../names.ts';
import type { Placement } from '../placement.ts';
import { toSessionAway, toSessionElsewhere } from '../refusals.ts';
import { type Addressee, type FindLeastBusy, toAny, toOne } from './ask-a-worker.ts';

export type FindHolderOptions = {
  placement: Pick<Placement, 'findSession'>;
  /** A worker on this state folder, another than the second one, if one lives and takes runs. */
  findHome: (home: string, except?: string) => string | undefined;
  leastBusy: FindLeastBusy;
  isAlive: (worker: string, tags?: readonly string[]) => boolean;
  /** Where a worker has its transcripts. */
  findTranscripts: (worker: string) => string;
};

/**
 * Finds who can work on a session, and where that is. Throws `queue-timeout` while nobody is there, and
 * `invalid-request` when the session is on a worker that lacks one of the tags.
 */
export async function findHolder(
  { id, tags = [] }: TranscriptPlace,
  options: FindHolderOptions,
): Promise<{ home: string; addressee: Addressee }> {
  const { leastBusy } = options;
  const home = await options.placement.findSession(id);
  if (home === SHARED_TRANSCRIPTS) return { home, addressee: toAny(leastBusy, [...tags, home]) };
  if (home !== undefined) return { home, addressee: toHolder(home, tags, options) };
  const { find, toAway } = toAny(leastBusy, tags);
  const worker = find();
  if (worker === undefined) throw toAway();
  return { home: options.findTranscripts(worker), addressee: { ...toOne(worker), toAway } };
}

function toHolder(
  home: string,
  tags: readonly string[],
  { findHome, isAlive }: FindHolderOptions,
): Addressee {
  const find = (except?: string) => {
    const worker = findHome(home, except);
    if (worker !== undefined && !isAlive(worker, tags)) throw toSessionElsewhere(tags);
    return worker;
  };
  return { find, toAway: toSessionAway };
}
