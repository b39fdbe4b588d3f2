import { z } from 'zod';

import type { RunError } from '../../run-error.ts';
import type { Failures } from '../dialect.ts';
import { toOpenaiLimitHeaders } from '../shared/openai-failures.ts';
import { PLAIN_STATUSES } from '../shared/plain-statuses.ts';

const OllamaFailure = z.object({ error: z.string() });

/** Failures as Ollama words them: one sentence. */
export const ollamaFailures: Failures = {
  toFailure: (error) => ({ status: PLAIN_STATUSES[error.code], body: toBody(error) }),
  toFailureMessage: (error) => ({ data: JSON.stringify(toBody(error)) }),
  toLimitHeaders: toOpenaiLimitHeaders,
  schema: { name: 'OllamaFailure', type: OllamaFailure },
};

/** There is no field for the name of a field: the sentence begins with it. */
function toBody({ code, message, param }: RunError) {
  const isNamed = code !== 'invalid-request' || !param || message.startsWith(`${param}: `);
  return { error: isNamed ? message : `${param}: ${message}` };
}
