import { z } from 'zod';

import { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { toInvalidRequest, withoutDepths } from '../../http/validate.ts';
import { RunError } from '../../run-error.ts';

/** What a client says over the WebSocket. */
export type ClientEvent = {
  body: ResponsesBody;
  /** Names the client's own lane; every answer repeats it. */
  streamId: string | undefined;
  /** `false`: nothing is to be answered yet, only kept for the next turn. */
  isGenerating: boolean;
};

/** https://developers.openai.com/api/docs/guides/websocket-mode */
const Envelope = withoutDepths(
  z.looseObject({
    type: z.literal('response.create'),
    stream_id: z.string().optional(),
    generate: z.boolean().nullish(),
    background: z.literal(false, 'there is no background over a WebSocket').nullish(),
  }),
);

/** Reads one message. Throws `invalid-request` that names the field. */
export function readClientEvent(text: string): ClientEvent {
  const envelope = Envelope.safeParse(readJson(text));
  if (!envelope.success) throw toInvalidRequest(envelope.error.issues);
  const { type: _type, stream_id: streamId, generate, ...fields } = envelope.data;
  const body = ResponsesBody.safeParse(fields);
  if (!body.success) throw toInvalidRequest(body.error.issues);
  return { body: body.data, streamId, isGenerating: generate ?? true };
}

/** The lane of a message that may be wrong otherwise, so that its error finds the way back. */
export function readStreamId(text: string): string | undefined {
  try {
    return z.object({ stream_id: z.string().optional() }).safeParse(readJson(text)).data?.stream_id;
  } catch {
    return undefined;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RunError('invalid-request', 'Send JSON texts.', { cause });
  }
}
