import type { AllowedFolders } from '../allowed-folders.ts';
import type { Config } from '../config.ts';
import { toTags } from '../layers/create-run.ts';
import type { Gate } from '../layers/gate.ts';
import {
  createIdleSessions,
  type IdleSessions,
  type ReadTags,
} from '../layers/idle-sessions/idle-sessions.ts';
import { sessionWorkInFolders } from '../layers/idle-sessions/session-work-in-folders.ts';
import { sessionWorkWithTags } from '../layers/with-tags.ts';
import type { Sessions } from '../sessions/session-book.ts';
import type { OpenedBackend } from './open-backend.ts';

export type OpenIdleSessionsOptions = {
  config: Config;
  cli: Pick<OpenedBackend, 'backend' | 'cluster'>;
  folders: AllowedFolders;
  sessions: Sessions;
  gate: Gate;
  readTags: ReadTags;
};

/** Opens what is done with sessions while no run is on them. */
export function openIdleSessions(options: OpenIdleSessionsOptions): IdleSessions {
  const { sessions, gate, readTags } = options;
  return createIdleSessions({ sessions, gate, readTags, work: toSessionWork(options) });
}

/** In a cluster the front knows the tags of its workers, and they look at their folders themselves. */
function toSessionWork({ config, cli, folders }: OpenIdleSessionsOptions) {
  const { backend, cluster } = cli;
  if (cluster) return backend.sessionWork;
  const work = sessionWorkInFolders(backend.sessionWork, folders);
  return sessionWorkWithTags(work, toTags({ config, backend }));
}
