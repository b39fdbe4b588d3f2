import type { Config } from '../config.ts';
import { readOrCreateKey } from '../keys/proxy-key.ts';
import { openStateFolder } from '../state/state-folder.ts';

/** The key that clients on this machine send; made now when there is none yet. */
export async function readKey({ proxyApiKey, stateDir }: Config): Promise<string> {
  if (proxyApiKey !== undefined) return proxyApiKey;
  await openStateFolder(stateDir);
  return (await readOrCreateKey(stateDir)).key;
}
