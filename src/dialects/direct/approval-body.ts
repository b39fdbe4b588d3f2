import { z } from 'zod';

import { RunError } from '../../run-error.ts';
import type { AgentQuestion, InputAnswer, InputRequest } from '../../run-input.ts';

/** The body of `POST /api/runs/{id}/approvals/{approvalId}`. */
export const ApprovalBody = z.strictObject({
  decision: z.enum(['allow', 'deny']),
  /** What the tool is called with instead; by default what the agent wanted. */
  input: z.record(z.string(), z.unknown()).optional(),
  /** Tells the agent why not, or what to do instead. */
  message: z.string().optional(),
  /** Allows the suggestions of the request to the end of the run. */
  remember: z.boolean().default(false),
  /** Question → the label of an option, or words of one's own; several where several may be chosen. */
  answers: z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)])).optional(),
});

export type ApprovalBody = z.infer<typeof ApprovalBody>;

/** The answer to what a run waits for. Throws `invalid-request` for a field that does not fit it. */
export function toInputAnswer(body: ApprovalBody, request: InputRequest): InputAnswer {
  const { decision, input, message = 'The user denied this.', remember, answers = {} } = body;
  checkFields(body, request);
  if (decision === 'deny') return { decision, message };
  if (request.type === 'question') {
    const given = request.questions.map((asked) => [asked.question, toAnswer(asked, answers)]);
    return { decision, answers: Object.fromEntries(given) };
  }
  if (request.type === 'tool-request') {
    const sentence = 'The result of a tool is given at `/api/runs/{id}/tool-results`.';
    throw new RunError('invalid-request', sentence, { param: 'decision' });
  }
  const suggestions = request.type === 'approval-request' ? request.suggestions : [];
  return { decision, ...(input && { input }), ...(remember && { rules: suggestions }) };
}

function checkFields({ decision, ...fields }: ApprovalBody, { type }: InputRequest) {
  const isAllowed = decision === 'allow';
  const FITTING = {
    input: isAllowed && type === 'approval-request',
    remember: isAllowed && type === 'approval-request',
    answers: isAllowed && type === 'question',
    message: !isAllowed,
  };
  for (const [name, isFitting] of Object.entries(FITTING)) {
    if (isFitting || !fields[name as keyof typeof FITTING]) continue; // `entries` forgets the names
    const sentence = `\`${name}\` does not go with the decision ${decision} on a ${type}.`;
    throw new RunError('invalid-request', sentence, { param: name });
  }
}

function toAnswer({ question, isMultiple }: AgentQuestion, answers: Record<string, unknown>) {
  const given = Object.hasOwn(answers, question) ? answers[question] : undefined;
  if (typeof given === 'string') return given;
  if (Array.isArray(given) && isMultiple) return given.join(', ');
  const sentence = given
    ? `only one answer may be given to ${JSON.stringify(question)}`
    : `must answer ${JSON.stringify(question)}`;
  throw new RunError('invalid-request', sentence, { param: 'answers' });
}
