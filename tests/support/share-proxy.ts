import { demoAnswer } from '../../src/demo/answers.ts';
import { type Proxy, type ProxyOptions, startProxy } from './start-proxy.ts';
import { atWorkerEnd } from './worker-end.ts';

const proxies = new Map<string, Promise<Proxy>>();

/**
 * The proxy with these settings that all files of a worker use, one after the other: it is started for
 * the first of them, and its model begins anew for each. Nobody stops it, and nobody may count its
 * processes, which served others before.
 */
export async function shareProxy({
  answer = demoAnswer,
  settings = {},
}: Pick<ProxyOptions, 'answer' | 'settings'> = {}): Promise<Proxy> {
  const key = JSON.stringify(settings);
  const proxy = await (proxies.get(key) ?? start(key, settings));
  proxy.model.answer = answer;
  proxy.model.requests.length = 0;
  return proxy;
}

function start(key: string, settings: Record<string, string>): Promise<Proxy> {
  const starting = startProxy({ settings });
  proxies.set(key, starting);
  atWorkerEnd(async () => (await starting).stop());
  return starting;
}
