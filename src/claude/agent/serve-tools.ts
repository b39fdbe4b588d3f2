import type { Tool } from '../../run.ts';
import type { ControlHandler } from '../process/control-channel.ts';
import { readToolMessage, toServerResult, toToolReply } from '../process/tool-server.ts';

/** Messages to the server of the caller's tools that are left to the reader of the lines. */
const READ: ReadonlySet<string> = new Set(['tools/call', 'notifications/cancelled']);

/** Makes the handler of the CLI's own requests; those that the caller has to answer stay among the lines. */
export function createToolServer(tools: readonly Tool[]): ControlHandler {
  return (request, reply) => {
    if (request.subtype === 'can_use_tool') return 'line';
    const message = readToolMessage(request);
    if (!message) return false;
    if (READ.has(message.method)) return 'line';
    reply(toToolReply(message, toServerResult(message, tools)));
    return true;
  };
}
