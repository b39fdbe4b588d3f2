import type { Backend } from '../../backend.ts';
import { SHARED_TRANSCRIPTS } from '../names.ts';
import type { Removals } from '../removals.ts';

export type RemoveTranscriptsOptions = {
  removals: Pick<Removals, 'carryOut'>;
  backend: Pick<Backend, 'transcripts'>;
  /** Names the state folder. */
  home: string;
  sharesTranscripts: boolean;
  onProblem: (error: unknown) => void;
};

/** How often it is looked what is to be removed, in milliseconds. */
const LOOK_MS = 2000;

/** Removes the transcripts that fronts have named: those here, and those in one place with others. Returns what ends it. */
export function startRemovingTranscripts(options: RemoveTranscriptsOptions): () => void {
  const { removals, backend, home, sharesTranscripts, onProblem } = options;
  const { transcripts } = backend;
  if (!transcripts) return () => {};
  const how = { remove: transcripts.remove, onProblem };
  const homes = sharesTranscripts ? [home, SHARED_TRANSCRIPTS] : [home];
  let removing: Promise<void> | undefined;

  async function removeAll() {
    try {
      for (const one of homes) await removals.carryOut(one, how);
    } catch (error) {
      onProblem(error);
    } finally {
      removing = undefined;
    }
  }

  const timer = setInterval(() => void (removing ??= removeAll()), LOOK_MS).unref();
  return () => clearInterval(timer);
}
