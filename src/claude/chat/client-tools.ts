import { z } from 'zod';

import type { Tool, ToolResultPart } from '../../run.ts';
import type { ControlHandler } from '../process/control-channel.ts';

/** The name under which the caller's tools are known to the CLI; with NO_PREFIX it is never seen upstream. */
const SERVER_NAME = 'client';

/** The version that the CLI asks for (2.1.330); with another one it falls back to a handshake. */
const PROTOCOL_VERSION = '2025-11-25';

/** The CLI cuts longer results off unless a tool says so; it honours up to this many characters. */
const MAX_RESULT_CHARACTERS = 500_000;

/** Longer results, measured to arrive whole only as part of a replayed conversation. */
const LONGEST_LIVE_RESULT = 400_000;

/** Of a longer error the CLI shows the model the two ends. */
const LONGEST_LIVE_ERROR = 10_000;

const McpMessage = z.object({
  server_name: z.literal(SERVER_NAME),
  message: z.object({
    id: z.union([z.string(), z.number()]).optional(),
    method: z.string(),
    params: z
      .looseObject({
        protocolVersion: z.string().optional(),
        _meta: z.looseObject({ 'claudecode/toolUseId': z.string().optional() }).optional(),
      })
      .optional(),
  }),
});

/** The caller's tools as an MCP server inside this process, spoken to over the CLI's stdio. */
export type ClientTools = {
  /** What `initialize` says about the tools; nothing when there are none. */
  readonly manifest: Record<string, unknown>;
  /** Serves the CLI's side of the protocol. Calls are kept waiting for `answer`. */
  handler: ControlHandler;
  /** Resolves when the CLI has asked for all these calls; it never asks for those it answers itself. */
  waitForCalls(callIds: readonly string[]): Promise<void>;
  /** Hands a waiting call its result. */
  answer(result: ToolResultPart): void;
};

/** Serves the tools of one conversation. The model's own ids name the calls. */
export function createClientTools(tools: readonly Tool[]): ClientTools {
  const waiting = new Map<string, (result: object) => void>();
  let onArrival: (() => void) | undefined;

  return {
    get manifest() {
      return tools.length === 0 ? {} : toManifest(tools);
    },
    handler(request, reply) {
      const parsed = McpMessage.safeParse(request);
      if (request.subtype !== 'mcp_message' || !parsed.success) return false;
      const { id, method, params } = parsed.data.message;
      const respond = (result: object) => reply({ mcp_response: { jsonrpc: '2.0', id, result } });
      const callId = params?._meta?.['claudecode/toolUseId'];
      if (method === 'tools/call' && callId !== undefined) {
        waiting.set(callId, respond);
        onArrival?.();
      } else if (method === 'initialize') respond(toServerInfo(params?.protocolVersion));
      else if (method === 'tools/list') respond(toToolsList(tools));
      else respond({});
      return true;
    },
    waitForCalls(callIds) {
      const { promise, resolve } = Promise.withResolvers<void>();
      onArrival = () => {
        if (callIds.every((id) => waiting.has(id))) resolve();
      };
      onArrival();
      return promise;
    },
    answer(result) {
      waiting.get(result.callId)?.(toMcpResult(result));
      waiting.delete(result.callId);
    },
  };
}

/**
 * Whether a result can be handed to a waiting call as it is. The CLI replaces an empty one by a
 * sentence of its own, shortens a long one, and has no documents; an error it makes one trimmed text.
 */
export function canAnswerLive({ content, isError }: ToolResultPart): boolean {
  if (isError) return isPlainError(content);
  let text = '';
  let hasImage = false;
  for (const part of content) {
    if (part.type === 'text') text += part.text;
    else if (part.type === 'image' && part.source.kind === 'base64') hasImage = true;
    else return false;
  }
  return (hasImage || text.trim() !== '') && text.length <= LONGEST_LIVE_RESULT;
}

function isPlainError([only, ...others]: ToolResultPart['content']) {
  if (only?.type !== 'text' || others.length > 0) return false;
  const { text } = only;
  return text !== '' && text === text.trim() && text.length <= LONGEST_LIVE_ERROR;
}

/** Given with `initialize`, the handshake's results spare its round trips before the first turn. */
function toManifest(tools: readonly Tool[]) {
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

function toMcpResult({ content, isError }: ToolResultPart) {
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
