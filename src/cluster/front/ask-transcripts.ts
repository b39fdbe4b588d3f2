import { withinOwnTime } from '../../common/within.ts';
import type { TranscriptPage, Transcripts } from '../../sessions/session-transcript.ts';
import type { Placement } from '../placement.ts';
import { toQueueAway } from '../refusals.ts';
import type { Removals } from '../removals.ts';
import type { AskAWorker } from './ask-a-worker.ts';
import { findHolder, type FindHolderOptions } from './find-holder.ts';

export type AskTranscriptsOptions = FindHolderOptions & {
  ask: AskAWorker;
  placement: Pick<Placement, 'findSession' | 'forgetSession'>;
  removals: Pick<Removals, 'note'>;
  /** Where workers have their transcripts. */
  homes: () => readonly string[];
  isUp: () => boolean;
};

/** Longest time to note what is to be removed, in milliseconds. */
const NOTE_MS = 3000;

/**
 * Transcripts where the workers have them. To read throws `queue-timeout` while the worker of a session is away; what is
 * to be removed is noted for it, and it does that within seconds, or when it is back.
 */
export function createAskTranscripts(options: AskTranscriptsOptions): Transcripts {
  const { ask, placement, removals, homes, isUp } = options;

  /** Of a session that nobody has placed it is not known who has it: whoever does removes it. */
  const note = async (sessionId: string) => {
    const home = await placement.findSession(sessionId);
    await Promise.all((home ? [home] : homes()).map((one) => removals.note(one, sessionId)));
    await placement.forgetSession(sessionId);
    return true;
  };

  return {
    async read(session, limit) {
      const { addressee } = await findHolder(session, options);
      const reading = { ...addressee, isRepeatable: true };
      return (await ask('transcripts.read', [session.id, limit], reading)) as TranscriptPage; // as it is there
    },
    async remove(sessionId) {
      if (!isUp() || !(await withinOwnTime(note(sessionId), NOTE_MS))) throw toQueueAway();
    },
  };
}
