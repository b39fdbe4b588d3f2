import type { Context } from 'hono';

import { anthropicFailures } from '../dialects/anthropic-messages/failures.ts';
import type { Failures } from '../dialects/dialect.ts';
import { directFailures } from '../dialects/direct/failures.ts';
import { openaiFailures } from '../dialects/shared/openai-failures.ts';
import { isAnthropic } from '../http/is-anthropic.ts';

/**
 * The words for a failure outside any dialect's own route (a wrong key, an unknown path): Anthropic's
 * on its paths and wherever its clients say who they are, the plain ones under /api, else OpenAI's.
 */
export function chooseFailures(c: Context): Failures {
  if (c.req.path.startsWith('/api/')) return directFailures;
  return isAnthropic(c) ? anthropicFailures : openaiFailures;
}
