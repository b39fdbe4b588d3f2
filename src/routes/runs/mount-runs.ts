import type { Hono } from 'hono';

import type { RunBook } from '../../agent-runs/run-book.ts';
import { ApprovalBody } from '../../dialects/direct/approval-body.ts';
import { direct } from '../../dialects/direct/index.ts';
import { AskBody, ChangeBody, MessageBody } from '../../dialects/direct/steering-bodies.ts';
import { ToolResultBody } from '../../dialects/direct/tool-result-body.ts';
import { validate } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { Run } from '../../run.ts';
import type { ReadMedia } from '../../run-input.ts';
import { answerApproval, giveToolResult, listApprovals } from './approvals.ts';
import { goOnWithRuns, resumeRun, runAgent } from './run-agent.ts';
import { followRun, watchRuns } from './run-events.ts';
import { listTasks, readTaskOutput, stopTask } from './run-tasks.ts';
import { askRun, changeRun, interruptRun, sendMessage, takeMessageBack } from './steer-run.ts';
import { cancelRun, deleteRunRecord, getRun, listRuns } from './stored-runs.ts';

export type RunRouteParts = {
  run: Run;
  book: RunBook;
  /** Checks the images of a tool's result, and fetches those at web addresses. */
  readMedia: ReadMedia;
  /** Aborts when the server stops: streams end then. */
  stopping: AbortSignal;
  /** Resolves when the server is up: what waited in the store goes on then. */
  started: Promise<void>;
};

/** Every route of agents' runs. */
export function mountRuns(app: Hono<AppEnv>, parts: RunRouteParts): void {
  const { run, book, readMedia, stopping, started } = parts;
  void started.then(() => goOnWithRuns(run, book));
  app.post(direct.path, validate(direct.body), runAgent(run, book));
  app.get('/api/runs', listRuns(book));
  app.get('/api/runs/:id', getRun(book));
  app.delete('/api/runs/:id', cancelRun(book));
  app.delete('/api/runs/:id/record', deleteRunRecord(book));
  app.post('/api/runs/:id/resume', resumeRun(run, book));
  app.get('/api/runs/:id/events', followRun({ book, stopping }));
  app.post('/api/runs/:id/approvals/:approvalId', validate(ApprovalBody), answerApproval(book));
  app.post('/api/runs/:id/tool-results', validate(ToolResultBody), giveToolResult(book, readMedia));
  app.post('/api/runs/:id/messages', validate(MessageBody), sendMessage(book));
  app.delete('/api/runs/:id/messages/:messageId', takeMessageBack(book));
  app.post('/api/runs/:id/interrupt', interruptRun(book));
  app.patch('/api/runs/:id', validate(ChangeBody), changeRun(book));
  app.post('/api/runs/:id/ask', validate(AskBody), askRun(book));
  app.get('/api/runs/:id/tasks', listTasks(book));
  app.get('/api/runs/:id/tasks/:taskId/output', readTaskOutput(book));
  app.delete('/api/runs/:id/tasks/:taskId', stopTask(book));
  app.get('/api/approvals', listApprovals(book));
  app.get('/api/events', watchRuns({ book, stopping }));
}
