import type { Context } from 'hono';

import { anthropicFailures } from '../dialects/anthropic-messages/failures.ts';
import type { Failures } from '../dialects/dialect.ts';
import { openaiFailures } from '../dialects/shared/openai-failures.ts';
import type { AppEnv } from '../http/variables.ts';

/**
 * The words for a failure: those of the API whose path it is; elsewhere (a list of models, an unknown
 * path) Anthropic's where its clients say who they are, else OpenAI's.
 */
export function chooseFailures(c: Context<AppEnv>): Failures {
  const isAnthropic = c.req.header('anthropic-version') !== undefined;
  return c.get('api')?.failures ?? (isAnthropic ? anthropicFailures : openaiFailures);
}
