import { openAlerts } from '../alerts/open-alerts.ts';
import type { Log } from '../http/log-request.ts';
import { readConditions, toTroubles } from '../routes/health/conditions.ts';
import type { HealthParts } from '../routes/health/health.ts';
import { createReadKnownStatus } from '../routes/health/known-status.ts';
import type { Sessions } from '../sessions/session-book.ts';
import { takesWrites } from '../state/state-folder.ts';
import type { OpenedBackend } from './open-backend.ts';
import type { OpenedKeys } from './open-keys.ts';
import type { ServerOptions } from './server-parts.ts';

type HealthSources = Pick<HealthParts, 'queue'> & {
  cli: Pick<OpenedBackend, 'backend' | 'cluster' | 'readCliStatus'>;
  drain: { isOn: boolean };
  keys: Pick<OpenedKeys, 'isCountedInMemory'>;
  sessions: Pick<Sessions, 'count'>;
  log: Log;
};

/** How the server is; the operator is told what needs a person, if that is wanted. */
export function openHealth(
  { version, claude, config, isDemo = false }: ServerOptions,
  { queue, cli, drain, keys, sessions, log }: HealthSources,
): { health: HealthParts; endAlerts: () => Promise<void> } {
  const health: HealthParts = {
    queue,
    planLimits: () => cli.backend.counts().planLimits,
    cluster: cli.cluster,
    isDraining: () => drain.isOn,
    isCountedInMemory: keys.isCountedInMemory,
    countSessions: sessions.count,
    readKnownStatus: createReadKnownStatus(cli.readCliStatus),
    version,
    cliVersion: claude.version,
    startedAtMs: performance.now(),
    maxQueueSize: config.maxQueueSize,
    isStored: () => takesWrites(config.stateDir),
    isDemo,
  };
  const readTroubles = async () => toTroubles(await readConditions(health));
  return { health, endAlerts: openAlerts({ config, version, log, readTroubles }) };
}
