import { hostname } from 'node:os';

import type { Backend, CliStatus } from '../../backend.ts';
import { toAccountTags } from '../../common/tags.ts';
import { WIRE_VERSION } from '../../run-wire.ts';
import { SHARED_TRANSCRIPTS } from '../names.ts';
import type { WorkerFacts } from '../worker-list.ts';

export type ReadFactsOptions = {
  id: string;
  version: string;
  cliVersion: string;
  /** Runs at the same time. */
  places: number;
  /** Runs that may wait for an answer beside those. */
  mostWaiting: number;
  /** What the settings say that it has. */
  tags: readonly string[];
  /** Whether it has the transcripts of sessions in common with others that say so. */
  sharesTranscripts: boolean;
  backend: Pick<Backend, 'readStatus' | 'counts'>;
  /** Runs now. */
  running: () => number;
  /** How many of each front are here. */
  fronts: () => Record<string, number>;
};

/** How often the CLI is asked who is logged in, in milliseconds. */
const ASK_MS = 600_000;

/** Makes what tells at once how a worker is, and what ends its asking. */
export function createReadFacts({ backend, running, fronts, ...own }: ReadFactsOptions) {
  let status: CliStatus | undefined;
  const ask = async () => {
    status = await backend.readStatus().catch(() => undefined);
  };
  void ask();
  const timer = setInterval(() => void ask(), ASK_MS).unref();

  const readTags = () => [
    ...own.tags,
    ...(own.sharesTranscripts ? [SHARED_TRANSCRIPTS] : []),
    ...toAccountTags(status?.account),
  ];
  const read = (isDraining: boolean): WorkerFacts => ({
    id: own.id,
    host: hostname(),
    version: own.version,
    wire: WIRE_VERSION,
    places: own.places,
    mostWaiting: own.mostWaiting,
    running: running(),
    fronts: fronts(),
    isDraining,
    tags: readTags(),
    loggedIn: status?.isLoggedIn ?? null,
    account: status?.account ?? null,
    cliVersion: own.cliVersion,
    processes: backend.counts().processes,
    planLimits: [...backend.counts().planLimits],
    seenAt: Date.now(),
  });
  return { read, readTags, stop: () => clearInterval(timer) };
}
