import { z } from 'zod';

import { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import {
  checkBody,
  checkValue,
  countValues,
  countValuesInPieces,
  isLargeBody,
  readJson,
} from '../../http/body/check-body.ts';
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
  const valueCount = await countValuesInPieces(text);
  const isLarge = isLargeBody(text, valueCount);
  // The body's schema lets the fields around it pass, so that all of a large one is read elsewhere.
  const value = isLarge ? await checkBody(ResponsesBody, text, valueCount) : readJson(text);
  const envelope = Envelope.safeParse(value);
  if (!envelope.success) throw toInvalidRequest(envelope.error.issues);
  const { type: _type, stream_id: streamId, generate, ...fields } = envelope.data;
  const body = isLarge
    ? (fields as ResponsesBody) // checked already
    : await checkValue(ResponsesBody, fields, valueCount);
  return { body, streamId, isGenerating: generate ?? true };
}

/**
 * The lane of a message that may be wrong otherwise, so that its error finds the way back; a large one is
 * not read again for it.
 */
export function readStreamId(text: string): string | undefined {
  try {
    if (isLargeBody(text, 0)) return undefined;
    countValues(text);
    return z.object({ stream_id: z.string().optional() }).safeParse(readJson(text)).data?.stream_id;
  } catch {
    return undefined;
  }
}
