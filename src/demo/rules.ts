import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import { messagesBodySchema, type MessagesBody } from './messages-body.ts';
import { errorReply, type Reply } from './replies.ts';
import { MESSAGE_RULES } from './rules/message-rules.ts';
import { PAIRING_RULES } from './rules/pairing-rules.ts';
import { REQUEST_RULES } from './rules/request-rules.ts';
import type { Rule } from './rules/rule.ts';
import { THINKING_RULES } from './rules/thinking-rules.ts';
import { TOOL_RULES } from './rules/tool-rules.ts';

/** What the API refuses: a server that accepts anything proves only that something was sent. */
export const RULES = {
  ...REQUEST_RULES,
  ...MESSAGE_RULES,
  ...THINKING_RULES,
  ...TOOL_RULES,
  ...PAIRING_RULES,
} satisfies Record<string, Rule>;

/** The body of a request that keeps every rule, or the refusal that the API would send. */
export type Verdict = { body: MessagesBody } | { refusal: Reply };

/** Judges a request; one that only counts tokens has fewer rules to keep. */
export function toVerdict(
  headers: IncomingHttpHeaders,
  body: unknown,
  isCounting: boolean,
): Verdict {
  const unsigned = refuseHeaders(headers);
  if (unsigned) return { refusal: unsigned };
  const parsed = messagesBodySchema.safeParse(body);
  if (!parsed.success) return { refusal: refuse(toComplaint(parsed.error)) };
  for (const rule of Object.values<Rule>(RULES)) {
    if (rule.generationOnly && isCounting) continue;
    const complaint = rule.complaint(parsed.data);
    if (complaint !== undefined) return { refusal: refuse(complaint, rule) };
  }
  return { body: parsed.data };
}

/** Any key is good; none is not. */
function refuseHeaders(headers: IncomingHttpHeaders): Reply | undefined {
  if (!headers['x-api-key'] && !headers.authorization)
    return refuse('x-api-key header is required', { status: 401, type: 'authentication_error' });
  if (!headers['anthropic-version']) return refuse('anthropic-version: header is required');
  return undefined;
}

function refuse(
  message: string,
  { status = 400, type = 'invalid_request_error' }: Pick<Rule, 'status' | 'type'> = {},
): Reply {
  return errorReply(status, type, message);
}

function toComplaint({ issues: [issue] }: z.ZodError): string {
  if (!issue) return 'Invalid request';
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('undefined');
  return `${issue.path.join('.')}: ${isMissing ? 'Field required' : issue.message}`;
}
