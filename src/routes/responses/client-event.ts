import { z } from 'zod';

import { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { checkValue, countValues, readJson } from '../../http/body/check-body.ts';
import { toInvalidRequest, withoutDepths } from '../../http/body/to-invalid-request.ts';

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

/** Reads one message. Throws `invalid-request` that names the field, and `request-too-large`. */
export async function readClientEvent(text: string): Promise<ClientEvent> {
  const valueCount = countValues(text);
  const envelope = Envelope.safeParse(readJson(text));
  if (!envelope.success) throw toInvalidRequest(envelope.error.issues);
  const { type: _type, stream_id: streamId, generate, ...fields } = envelope.data;
  const body = await checkValue(ResponsesBody, fields, valueCount);
  return { body, streamId, isGenerating: generate ?? true };
}

/** The lane of a message that may be wrong otherwise, so that its error finds the way back. */
export function readStreamId(text: string): string | undefined {
  try {
    countValues(text);
    return z.object({ stream_id: z.string().optional() }).safeParse(readJson(text)).data?.stream_id;
  } catch {
    return undefined;
  }
}
