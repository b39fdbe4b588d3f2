import type { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import type { InputItem } from '../../dialects/openai-responses/input-item.ts';
import { toKeptItems } from '../../dialects/openai-responses/kept-items.ts';
import { isEnded, type Response } from '../../dialects/openai-responses/to-response.ts';
import type { Exchange } from '../../dialects/dialect.ts';
import type { StoredResponse } from '../../responses/response-store.ts';
import type { Caller } from '../../run.ts';
import { type FindResponse, toWholeInput } from './to-whole-input.ts';

/** Who asks, and when. */
export type Asking = { requestId: string; arrivedAtMs: number; caller: Caller };

export type OpenedExchange = {
  exchange: Exchange<ResponsesBody>;
  isStream: boolean;
  ignored: readonly string[];
  /** The response in the form in which it is kept. */
  toStored: (response: Response, events?: readonly string[]) => StoredResponse;
};

/** Stands for the input where nothing is to be answered: there may be none yet. */
const PLACEHOLDER = 'Nothing is asked yet.';

/** Puts the whole conversation into a request. Throws what `toWholeInput` and the dialect throw. */
export async function openExchange(
  given: ResponsesBody,
  { requestId, arrivedAtMs, caller }: Asking,
  find: FindResponse,
  { isGenerating }: { isGenerating: boolean } = { isGenerating: true },
): Promise<OpenedExchange> {
  const input = await toWholeInput(given, find);
  return toOpened({ ...given, input }, { requestId, arrivedAtMs, caller }, isGenerating);
}

/** The same for one whose whole conversation is known. Throws what the dialect throws. */
export function reopenExchange(body: WholeBody, asking: Asking): OpenedExchange {
  return toOpened(body, asking, true);
}

type WholeBody = ResponsesBody & { input: InputItem[] };

function toOpened(
  body: WholeBody,
  { requestId, arrivedAtMs, caller }: Asking,
  isGenerating: boolean,
): OpenedExchange {
  const asked = isGenerating ? body : { ...body, input: PLACEHOLDER };
  const { request, isStream, ignored } = openaiResponses.toRunRequest(asked, caller);
  return {
    exchange: { body, request, requestId, arrivedAtMs },
    isStream,
    ignored,
    toStored: (response, events = []) => ({
      id: response.id,
      keyId: caller.keyId,
      createdAt: arrivedAtMs,
      isFinished: isEnded(response),
      response,
      input: toKeptItems(body.input, response.id),
      events,
    }),
  };
}
