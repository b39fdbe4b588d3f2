import { once } from 'node:events';
import { createServer } from 'node:net';

import type { Config } from '../../config.ts';
import { toLocalUrl } from '../local-url.ts';
import { failed, type Finding, ok, toText } from './finding.ts';

const NAME = 'port';
const PATIENCE_MS = 3000;

/** Whether the port can be had, or is served by this program already. */
export async function checkPort(config: Pick<Config, 'host' | 'port'>): Promise<Finding> {
  const { host, port } = config;
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return ok(NAME, port === 0 ? 'any free one' : `${port} on ${host} is free`);
  } catch (error) {
    const version = await readServedVersion(toLocalUrl(config));
    if (version) return ok(NAME, `${port} on ${host} is served by claude-code-proxy ${version}`);
    const advice = 'End the program that uses it, or choose another one with PORT or --port.';
    return failed(NAME, `${port} on ${host} cannot be had (${toText(error)})`, advice);
  } finally {
    server.close();
  }
}

/** The version of the server that answers there, if it is one of ours. */
async function readServedVersion(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const { version, cli } = (await response.json()) as { version?: unknown; cli?: unknown }; // checked below
    return typeof version === 'string' && cli !== undefined ? version : undefined;
  } catch {
    return undefined;
  }
}
