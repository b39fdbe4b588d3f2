import { z } from 'zod';

import type { McpServer, Tool } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { CliProcess } from '../process/cli-process.ts';
import { SERVER_NAME } from '../process/tool-server.ts';

/** The answer to `mcp_status` (CLI 2.1.330). */
const Status = z.object({ mcpServers: z.array(z.object({ name: z.string() })) });

/** The answer to `mcp_set_servers`: each server that could not be reached, and why. */
const Answer = z.object({ errors: z.record(z.string(), z.string()) });

/** A server as the CLI takes it, and the field in which the caller named it. */
type Entry = { name: string; server: object; path: string };

/**
 * Connects a process with the caller's own tools and the request's MCP servers, beside the operator's.
 * That way no header is on a command line. Throws `invalid-request` for a name that the operator has, and
 * `upstream-failed` for a server that does not answer.
 */
export async function connectMcpServers(
  process: Pick<CliProcess, 'request'>,
  tools: readonly Tool[],
  servers: readonly McpServer[],
): Promise<void> {
  const entries = [...(tools.length > 0 ? [CLIENT] : []), ...servers.map(toEntry)];
  if (entries.length === 0) return;
  // One of the same name would replace the operator's.
  const { mcpServers: known } = Status.parse(await process.request({ subtype: 'mcp_status' }));
  for (const { name, path } of entries) {
    if (known.some((other) => other.name === name)) throw toTaken(name, path);
  }
  const byName = Object.fromEntries(entries.map(({ name, server }) => [name, server]));
  const asked = { subtype: 'mcp_set_servers', servers: byName };
  const { errors } = Answer.parse(await process.request(asked));
  for (const { name, path } of entries) {
    const reason = errors[name];
    if (reason !== undefined) throw toUnreachable(name, path, reason);
  }
}

/** Without `alwaysLoad` the model would have to search for the tools first (CLI 2.1.330). */
const CLIENT: Entry = {
  name: SERVER_NAME,
  server: { type: 'sdk', name: SERVER_NAME, alwaysLoad: true },
  path: 'tools',
};

function toEntry({ name, url, headers }: McpServer, index: number): Entry {
  return {
    name,
    server: { type: 'http', url, headers, alwaysLoad: true },
    path: `mcpServers.${index}`,
  };
}

function toTaken(name: string, path: string) {
  const advice =
    path === CLIENT.path ? 'no tools of one’s own go beside it' : 'choose another name';
  return new RunError(
    'invalid-request',
    `The operator has an MCP server named \`${name}\` already: ${advice}.`,
    { param: path === CLIENT.path ? path : `${path}.name` },
  );
}

function toUnreachable(name: string, path: string, reason: string) {
  return new RunError('upstream-failed', `The MCP server \`${name}\` does not answer: ${reason}`, {
    param: `${path}.url`,
  });
}
