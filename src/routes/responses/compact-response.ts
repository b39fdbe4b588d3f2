import type { Context } from 'hono';

import type { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { toCompaction } from '../../dialects/openai-responses/compaction.ts';
import { toCompactionBody } from '../../dialects/openai-responses/compaction-request.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { collectRun } from '../../run-answer.ts';
import type { Run } from '../../run.ts';
import { nameIgnored } from '../name-ignored.ts';
import type { ResponseParts } from './response-parts.ts';
import { toWholeInput } from './to-whole-input.ts';

/** `POST /v1/responses/compact`: the same conversation in fewer tokens. */
export function compactResponse(run: Run, { book }: ResponseParts) {
  return async (c: Context<AppEnv, string, Validated<ResponsesBody>>): Promise<Response> => {
    const { requestId, arrivedAtMs, caller, signal } = c.var;
    const given = c.req.valid('json');
    const { input, request, ignored } = await countIfRefused(c.var, async () => {
      const whole = await toWholeInput(given, (id) => book.find(id, caller.keyId));
      const body = toCompactionBody(given, whole);
      return { input: whole, ...openaiResponses.toRunRequest(body, caller) };
    });
    const answer = await collectRun(run(request, signal));
    nameIgnored(c, openaiResponses, ignored, answer.start);
    return c.json(toCompaction(answer, input, { requestId, arrivedAtMs }));
  };
}
