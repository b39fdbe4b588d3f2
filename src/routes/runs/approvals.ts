import type { Context } from 'hono';

import type { StoredInput } from '../../agent-runs/input-store.ts';
import type { RunBook } from '../../agent-runs/run-book.ts';
import { type ApprovalBody, toInputAnswer } from '../../dialects/direct/approval-body.ts';
import { type ToolResultBody, toToolResult } from '../../dialects/direct/tool-result-body.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { ReadMedia } from '../../run-input.ts';

/** `GET /api/approvals`: what the caller's runs wait for, the oldest first. */
export function listApprovals(book: RunBook) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const inputs = await book.listInputs(c.var.caller.keyId);
    return c.json({ approvals: inputs.map(toApprovalView) });
  };
}

/** `POST /api/runs/{id}/approvals/{approvalId}`: the first answer counts. */
export function answerApproval(book: RunBook) {
  return async (
    c: Context<AppEnv, '/:id/:approvalId', Validated<ApprovalBody>>,
  ): Promise<Response> => {
    const { id, approvalId } = c.req.param();
    const { keyId } = c.var.caller;
    const { request } = await book.getInput(id, keyId, approvalId);
    const answer = toInputAnswer(c.req.valid('json'), request);
    return c.json(toApprovalView(await book.answer(id, keyId, approvalId, answer)));
  };
}

/** `POST /api/runs/{id}/tool-results`: what a tool of the caller's came to; the first result counts. */
export function giveToolResult(book: RunBook, readMedia: ReadMedia) {
  return async (c: Context<AppEnv, '/:id', Validated<ToolResultBody>>): Promise<Response> => {
    const id = c.req.param('id');
    const { keyId } = c.var.caller;
    const body = c.req.valid('json');
    const { request } = await book.getInput(id, keyId, body.id);
    const part = toToolResult(body, request);
    const [read] = await readMedia([{ role: 'user', parts: [part] }], c.var.signal);
    const result = read?.parts.find((one) => one.type === 'tool-result') ?? part;
    const answer = { decision: 'allow', result } as const;
    return c.json(toApprovalView(await book.answer(id, keyId, body.id, answer)));
  };
}

function toApprovalView({ id, runId, createdAt, expiresAt, request, answer }: StoredInput) {
  return {
    id,
    runId,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    request,
    decision: typeof answer === 'object' ? answer.decision : (answer ?? null),
  };
}
