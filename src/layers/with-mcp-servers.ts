import { isOnListedHost } from '../common/host-list.ts';
import type { Run } from '../run.ts';
import { RunError } from '../run-error.ts';

/** Refuses runs with MCP servers that are not on the hosts that the operator allows. Throws `forbidden`. */
export function withMcpServers(run: Run, allowedHosts: readonly string[]): Run {
  return (request, signal) => {
    for (const [index, { url }] of (request.agent?.mcpServers ?? []).entries()) {
      if (!isOnListedHost(url, allowedHosts)) throw toForbidden(index);
    }
    return run(request, signal);
  };
}

function toForbidden(index: number) {
  return new RunError(
    'forbidden',
    'This server does not let agents use MCP servers on this host; its operator can name it in MCP_ALLOWED_HOSTS.',
    { param: `mcpServers.${index}.url` },
  );
}
