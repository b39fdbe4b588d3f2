import type { Dialect } from '../dialect.ts';
import { RunBody } from './body.ts';
import { directFailures } from './failures.ts';
import { toAnswer } from './to-answer.ts';
import { toMessages } from './to-messages.ts';
import { toRunRequest } from './to-run-request.ts';

/** `POST /api/run`: this server's own API, for agents. */
export const direct: Dialect<RunBody> = {
  name: 'direct',
  body: RunBody,
  toRunRequest,
  toAnswer,
  toMessages,
  paramNames: {
    temperature: 'temperature',
    topP: 'topP',
    topK: 'topK',
    effort: 'effort',
    thinking: 'thinking',
    toolChoice: 'toolChoice',
    serviceTier: 'serviceTier',
  },
  failures: directFailures,
  offersLines: true,
};
