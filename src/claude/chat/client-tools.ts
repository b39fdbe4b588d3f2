import type { Tool, ToolResultPart } from '../../run.ts';
import type { ControlHandler } from '../process/control-channel.ts';
import {
  readToolMessage,
  toCallId,
  toManifest,
  toMcpResult,
  toServerResult,
  toToolReply,
} from '../process/tool-server.ts';

/** Longer results, measured to arrive whole only as part of a replayed conversation. */
const LONGEST_LIVE_RESULT = 400_000;

/** Of a longer error the CLI shows the model the two ends. */
const LONGEST_LIVE_ERROR = 10_000;

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
      const message = readToolMessage(request);
      if (!message) return false;
      const respond = (result: object) => reply(toToolReply(message, result));
      const callId = toCallId(message);
      if (callId === undefined) respond(toServerResult(message, tools));
      else {
        waiting.set(callId, respond);
        onArrival?.();
      }
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
