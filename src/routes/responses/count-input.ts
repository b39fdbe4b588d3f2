import type { Context } from 'hono';

import type { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { CountTokens } from '../../run.ts';
import { nameIgnored } from '../name-ignored.ts';
import { openExchange } from './open-exchange.ts';
import type { ResponseParts } from './response-parts.ts';

/** `POST /v1/responses/input_tokens`: the same checks as a response, and no answer. */
export function countInput(countTokens: CountTokens, { book }: ResponseParts) {
  return async (c: Context<AppEnv, string, Validated<ResponsesBody>>): Promise<Response> => {
    const { exchange, ignored } = await countIfRefused(c.var, () =>
      openExchange(c.req.valid('json'), c.var, (id) => book.find(id, c.var.caller.keyId)),
    );
    const tokens = await countTokens(exchange.request, c.var.signal);
    nameIgnored(c, openaiResponses, ignored, undefined);
    return c.json({ object: 'response.input_tokens', input_tokens: tokens });
  };
}
