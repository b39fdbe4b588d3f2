import { hostname } from 'node:os';

import type { Backend, CliStatus } from '../../backend.ts';
import { WIRE_VERSION } from '../../run-wire.ts';
import type { WorkerFacts } from '../worker-list.ts';

export type ReadFactsOptions = {
  id: string;
  version: string;
  cliVersion: string;
  /** Runs at the same time. */
  places: number;
  backend: Pick<Backend, 'readStatus' | 'counts'>;
  /** Runs now. */
  running: () => number;
};

/** How often the CLI is asked who is logged in, in milliseconds. */
const ASK_MS = 600_000;

/** Makes what tells at once how a worker is, and what ends its asking. */
export function createReadFacts({ backend, running, ...own }: ReadFactsOptions) {
  let status: CliStatus | undefined;
  const ask = async () => {
    status = await backend.readStatus().catch(() => undefined);
  };
  void ask();
  const timer = setInterval(() => void ask(), ASK_MS).unref();

  const read = (isDraining: boolean): WorkerFacts => ({
    id: own.id,
    host: hostname(),
    version: own.version,
    wire: WIRE_VERSION,
    places: own.places,
    running: running(),
    isDraining,
    loggedIn: status?.isLoggedIn ?? null,
    account: status?.account ?? null,
    cliVersion: own.cliVersion,
    processes: backend.counts().processes,
    planLimits: [...backend.counts().planLimits],
    seenAt: Date.now(),
  });
  return { read, stop: () => clearInterval(timer) };
}
