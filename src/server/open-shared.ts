import type { Config } from '../config.ts';
import type { Log } from '../http/log-request.ts';
import type { KeyPlace } from '../keys/key-place.ts';
import { moveKeysFile, toKeysFile } from '../keys/keys-file.ts';
import { createSharedKeys } from '../keys/shared-keys.ts';
import type { SharedState } from '../state/shared-state.ts';

type ClusterConfig = Pick<Config, 'redisUrl' | 'clusterSecret' | 'clusterPrefix'>;

/** What the servers of a cluster share, until it is ended. */
export type OpenedShared = SharedState & { end: () => void };

/** Opens what the servers of a cluster share; `undefined` where there is none, of which nothing is loaded then. */
export async function openShared(
  config: ClusterConfig,
  log?: Pick<Log, 'error'>,
): Promise<OpenedShared | undefined> {
  if (config.redisUrl === undefined) return undefined;
  const { openSharedState } = await import('../cluster/open-shared-state.ts');
  const onProblem = (error: unknown) =>
    log?.error({ err: error }, 'what the cluster shares has a problem');
  return openSharedState({ ...toAddress(config), onProblem });
}

export type SeenCluster = Awaited<ReturnType<typeof inspectCluster>>;

/** Looks at the cluster of the settings without joining it. Throws one sentence when it cannot be used. */
export async function inspectCluster(config: ClusterConfig) {
  const cluster = await import('../cluster/inspect-cluster.ts');
  return cluster.inspectCluster(toAddress(config));
}

/** Where the cluster of the settings is. */
export function toAddress({ redisUrl = '', clusterSecret = '', clusterPrefix }: ClusterConfig) {
  return { redisUrl, secret: clusterSecret, prefix: clusterPrefix };
}

/** Where the further keys of a server stand. Those of its own file go to a cluster that never had any. */
export async function openKeyPlace(
  stateDir: string,
  shared: SharedState | undefined,
): Promise<KeyPlace> {
  if (!shared) return toKeysFile(stateDir);
  const place = createSharedKeys(shared);
  await moveKeysFile(stateDir, place);
  return place;
}

/** Lets a command use the keys that its server has. */
export async function useKeyPlace<Result>(
  config: ClusterConfig & Pick<Config, 'stateDir'>,
  use: (place: KeyPlace) => Promise<Result>,
): Promise<Result> {
  const shared = await openShared(config); // what fails is told by what it is used for
  try {
    return await use(await openKeyPlace(config.stateDir, shared));
  } finally {
    shared?.end();
  }
}
