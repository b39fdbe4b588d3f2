/** The JSON lines that are written to `claude --input-format stream-json`. */

export type ControlRequest = { subtype: string; [field: string]: unknown };

export type ContentBlocks = string | readonly Record<string, unknown>[];

export function toControlRequest(requestId: string, request: ControlRequest) {
  return { type: 'control_request', request_id: requestId, request };
}

/** The reply to a control request of the CLI's own. */
export function toControlResponse(requestId: string, response: Record<string, unknown>) {
  return {
    type: 'control_response',
    response: { subtype: 'success', request_id: requestId, response },
  };
}

/** The reply to a control request of the CLI's own that nobody serves here. */
export function toControlRefusal(requestId: string, subtype: string) {
  return {
    type: 'control_response',
    response: { subtype: 'error', request_id: requestId, error: `${subtype} is not served here` },
  };
}

/**
 * A user message. `client_composed` keeps the CLI from expanding `@path` and slash commands in it
 * (CLI 2.1.280 and later). With `isHistory` the message is recorded and not answered.
 */
export function toUserLine(content: ContentBlocks, uuid: string, { isHistory = false } = {}) {
  return {
    type: 'user',
    message: { role: 'user', content },
    uuid,
    client_composed: true,
    ...(isHistory && { shouldQuery: false }),
  };
}

/** An earlier reply of the model. The CLI records it and says nothing. */
export function toAssistantLine(content: ContentBlocks, model?: string) {
  return {
    type: 'assistant',
    message: {
      role: 'assistant',
      ...(model !== undefined && { model }),
      content: toBlockList(content),
    },
  };
}

/** A reply has to be a list: after a plain string, CLI 2.1.280 fails in the next turn. */
export function toBlockList(content: ContentBlocks): readonly Record<string, unknown>[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content;
}
