import { z } from 'zod';

import type { RunError } from '../../run-error.ts';
import type { Failures } from '../dialect.ts';
import { toOpenaiLimitHeaders } from '../shared/openai-failures.ts';
import { PLAIN_STATUSES } from '../shared/plain-statuses.ts';

const DirectFailure = z.object({
  error: z.object({ code: z.string(), message: z.string(), param: z.string().optional() }),
  requestId: z.string(),
});

/** Failures of this server's own API: the canonical code and its sentence. */
export const directFailures: Failures = {
  toFailure: (error, requestId) => ({
    status: PLAIN_STATUSES[error.code],
    body: toBody(error, requestId),
  }),
  toFailureMessage: (error, requestId) => ({
    event: 'error',
    data: JSON.stringify({ type: 'error', ...toBody(error, requestId) }),
  }),
  toLimitHeaders: toOpenaiLimitHeaders,
  schema: { name: 'DirectFailure', type: DirectFailure },
};

function toBody({ code, message, param }: RunError, requestId: string) {
  return { error: { code, message, ...(param !== undefined && { param }) }, requestId };
}
