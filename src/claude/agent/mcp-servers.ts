import { z } from 'zod';

import type { McpServer } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { CliProcess } from '../process/cli-process.ts';

/** The answer to `mcp_status` (CLI 2.1.330). */
const Status = z.object({ mcpServers: z.array(z.object({ name: z.string() })) });

/** The answer to `mcp_set_servers`: what could not be reached → why. */
const Answer = z.object({ errors: z.record(z.string(), z.string()) });

/**
 * Connects a process with the request's own MCP servers, beside the operator's. Headers stand on no command
 * line that way. Throws `invalid-request` for a name that the operator has, and `upstream-failed` for a
 * server that does not answer.
 */
export async function connectMcpServers(
  process: Pick<CliProcess, 'request'>,
  servers: readonly McpServer[],
): Promise<void> {
  if (servers.length === 0) return;
  // One of the same name would take the operator's place.
  const { mcpServers: known } = Status.parse(await process.request({ subtype: 'mcp_status' }));
  for (const [index, { name }] of servers.entries()) {
    if (known.some((other) => other.name === name)) throw toTaken(name, index);
  }
  const entries = servers.map((server) => [server.name, toEntry(server)] as const);
  const asked = { subtype: 'mcp_set_servers', servers: Object.fromEntries(entries) };
  const { errors } = Answer.parse(await process.request(asked));
  for (const [index, { name }] of servers.entries()) {
    const reason = errors[name];
    if (reason !== undefined) throw toUnreachable(name, index, reason);
  }
}

/** Without `alwaysLoad` the model would have to search for the tools first. */
function toEntry({ url, headers }: McpServer) {
  return { type: 'http', url, headers, alwaysLoad: true };
}

function toTaken(name: string, index: number) {
  return new RunError(
    'invalid-request',
    `The operator has an MCP server named \`${name}\` already: choose another name.`,
    { param: `mcpServers.${index}.name` },
  );
}

function toUnreachable(name: string, index: number, reason: string) {
  return new RunError('upstream-failed', `The MCP server \`${name}\` does not answer: ${reason}`, {
    param: `mcpServers.${index}.url`,
  });
}
