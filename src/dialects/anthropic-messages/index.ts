import type { Dialect } from '../dialect.ts';
import { MessagesBody } from './body.ts';
import { anthropicFailures } from './failures.ts';
import { toAnswer } from './to-answer.ts';
import { toMessages } from './to-messages.ts';
import { toRunRequest } from './to-run-request.ts';

/** `POST /v1/messages` */
export const anthropicMessages: Dialect<MessagesBody> = {
  name: 'anthropic-messages',
  body: MessagesBody,
  toRunRequest,
  toAnswer,
  toMessages,
  paramNames: {
    temperature: 'temperature',
    topP: 'top_p',
    topK: 'top_k',
    effort: 'output_config.effort',
    thinking: 'thinking',
    toolChoice: 'tool_choice',
    serviceTier: 'service_tier',
  },
  failures: anthropicFailures,
};
