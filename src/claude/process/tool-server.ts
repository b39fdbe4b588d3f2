import { z } from 'zod';

import type { Tool, ToolResultPart } from '../../run.ts';
import type { ControlRequest } from './input-lines.ts';

/** The name under which the caller's tools are known to the CLI. */
export const SERVER_NAME = 'client';

/** The version that the CLI asks for (2.1.330); with another one it falls back to a handshake. */
const PROTOCOL_VERSION = '2025-11-25';

/** The CLI cuts longer results off unless a tool says so; it honours up to this many characters. */
const MAX_RESULT_CHARACTERS = 500_000;

const ToolMessage = z.object({
  subtype: z.literal('mcp_message'),
  server_name: z.literal(SERVER_NAME),
  message: z.object({
    id: z.union([z.string(), z.number()]).optional(),
    method: z.string(),
    params: z
      .looseObject({
        protocolVersion: z.string().optional(),
        name: z.string().optional(),
        arguments: z.record(z.string(), z.unknown()).optional(),
        requestId: z.union([z.string(), z.number()]).optional(),
        _meta: z.looseObject({ 'claudecode/toolUseId': z.string().optional() }).optional(),
      })
      .optional(),
  }),
});

/** What the CLI says to the server of the caller's tools. */
export type ToolMessage = z.infer<typeof ToolMessage>['message'];

/** Reads a control request; `undefined` for one that is not for this server. */
export function readToolMessage(request: ControlRequest): ToolMessage | undefined {
  return ToolMessage.safeParse(request).data?.message;
}

/** The id of the model's call that a message brings. */
export function toCallId({ method, params }: ToolMessage): string | undefined {
  return method === 'tools/call' ? params?._meta?.['claudecode/toolUseId'] : undefined;
}

/** A result as the answer to its message. */
export function toToolReply({ id }: ToolMessage, result: object): Record<string, unknown> {
  return { mcp_response: { jsonrpc: '2.0', id, result } };
}

/** What a tool came to, in MCP's notation, which knows no web addresses. */
export function toMcpResult({ content, isError }: Pick<ToolResultPart, 'content' | 'isError'>) {
  return {
    content: content.map((part) => {
      if (part.type === 'image' && part.source.kind === 'base64') {
        return { type: 'image', data: part.source.data, mimeType: part.source.mediaType };
      }
      return { type: 'text', text: part.type === 'text' ? part.text : '' };
    }),
    ...(isError && { isError }),
  };
}

/** The result of a message that no call is in. */
export function toServerResult(
  { method, params }: ToolMessage,
  tools: readonly Tool[],
): Record<string, unknown> {
  if (method === 'initialize') return toServerInfo(params?.protocolVersion);
  return method === 'tools/list' ? toToolsList(tools) : {};
}

/** Given with `initialize`, the handshake's results spare its round trips before the first turn. */
export function toManifest(tools: readonly Tool[]): Record<string, unknown> {
  return {
    sdkMcpServers: [SERVER_NAME],
    sdkMcpServerManifests: {
      [SERVER_NAME]: {
        initializeResult: toServerInfo(PROTOCOL_VERSION),
        toolsListResult: toToolsList(tools),
      },
    },
  };
}

function toServerInfo(protocolVersion = PROTOCOL_VERSION) {
  return {
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: SERVER_NAME, version: '1' },
  };
}

function toToolsList(tools: readonly Tool[]) {
  return {
    tools: tools.map(({ name, description, inputSchema }) => ({
      name,
      ...(description !== undefined && { description }),
      // The CLI offers none of the tools if one of them does not say so.
      inputSchema: { type: 'object', ...inputSchema },
      // Parallel calls come at once only from tools that change nothing, as far as the CLI knows.
      annotations: { readOnlyHint: true },
      _meta: { 'anthropic/maxResultSizeChars': MAX_RESULT_CHARACTERS },
    })),
  };
}
