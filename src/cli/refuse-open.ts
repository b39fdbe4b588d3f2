import { access } from 'node:fs/promises';

import type { Config } from '../config.ts';
import { isLoopback } from '../common/loopback.ts';
import { toKeyFile } from '../keys/proxy-key.ts';

/** Refuses a demo that others could reach. Throws an error of one sentence. */
export function refuseOpenDemo({ host }: Pick<Config, 'host'>): void {
  if (!isLoopback(host)) {
    throw new Error(`A demo is for this machine only, and HOST is ${host}: leave HOST out.`);
  }
}

/**
 * Refuses to open the server to others before its operator has a key: one set, one added, or one that
 * an earlier start made and showed. Throws an error of one sentence.
 */
export async function refuseOpenWithoutKey(
  config: Pick<
    Config,
    'host' | 'proxyApiKey' | 'stateDir' | 'redisUrl' | 'clusterSecret' | 'clusterPrefix'
  >,
): Promise<void> {
  const { host, proxyApiKey, stateDir } = config;
  if (isLoopback(host) || proxyApiKey !== undefined) return;
  if (await isThere(toKeyFile(stateDir))) return;
  const { useKeyPlace } = await import('../server/open-shared.ts');
  if ((await useKeyPlace(config, (place) => place.read())).length > 0) return;
  throw new Error(
    `HOST is ${host}, which others can reach, and there is no key yet: set PROXY_API_KEY, or run \`claude-code-proxy keys add NAME\` first.`,
  );
}

function isThere(file: string) {
  return access(file).then(
    () => true,
    () => false,
  );
}
