import type { Context } from 'hono';

import type { MessagesBody } from '../dialects/anthropic-messages/body.ts';
import { anthropicMessages } from '../dialects/anthropic-messages/index.ts';
import { countIfRefused } from '../http/count-if-refused.ts';
import type { Validated } from '../http/body/validate.ts';
import type { AppEnv } from '../http/variables.ts';
import type { CountTokens } from '../run.ts';
import { nameIgnored } from './name-ignored.ts';

/** `POST /v1/messages/count_tokens`: the same checks as a message, and no answer. */
export function countMessageTokens(countTokens: CountTokens) {
  return async (c: Context<AppEnv, string, Validated<MessagesBody>>): Promise<Response> => {
    const translate = () => anthropicMessages.toRunRequest(c.req.valid('json'), c.var.caller);
    const { request, ignored } = await countIfRefused(c.var, translate);
    const tokens = await countTokens(request, c.var.signal);
    nameIgnored(c, anthropicMessages, ignored, undefined);
    return c.json({ input_tokens: tokens });
  };
}
