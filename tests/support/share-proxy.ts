import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { demoAnswer } from '../../src/demo/answers.ts';
import { type Proxy, type ProxyOptions, startProxy } from './start-proxy.ts';
import { atWorkerEnd } from './worker-end.ts';

/** Names that clients send by default, as operators map them. */
const MODEL_ALIASES = 'gpt-4o=opus,claude-3-5-sonnet-latest=opus';

const proxies = new Map<string, Promise<Proxy>>();

/**
 * The proxy with these settings that all files of a worker use, one after the other: it is started for
 * the first of them, and for each its model begins anew and its default workspace is empty. No file may stop
 * it, count its processes (which served others before), or have a model refuse what others ask of it: the
 * proxy would remember that.
 */
export async function shareProxy({
  answer = demoAnswer,
  settings = {},
}: Pick<ProxyOptions, 'answer' | 'settings'> = {}): Promise<Proxy> {
  const key = JSON.stringify(settings);
  const proxy = await (proxies.get(key) ?? start(key, settings));
  proxy.model.answer = answer;
  proxy.model.requests.length = 0;
  await empty(join(proxy.folder, 'workspace'));
  return proxy;
}

function start(key: string, settings: Record<string, string>): Promise<Proxy> {
  const starting = startProxy({ settings: { MODEL_ALIASES, ...settings } });
  proxies.set(key, starting);
  atWorkerEnd(async () => (await starting).stop());
  return starting;
}

/** The folder itself stays: it may be the working directory of a process. */
async function empty(folder: string) {
  await mkdir(folder, { recursive: true });
  const names = await readdir(folder);
  await Promise.all(
    names.map((name) => rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 })),
  );
}
