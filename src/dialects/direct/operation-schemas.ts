import type { OperationOf, Schemas, Tag } from '../operation.ts';
import { AgentEvent, AgentRun } from './answer-schemas.ts';
import { RunBody } from './body.ts';
import { directFailures } from './failures.ts';
import { ApprovalBody } from './approval-body.ts';
import {
  AgentRunList,
  AgentRunRecord,
  Approval,
  ApprovalList,
  DeletedRunRecord,
  RunChange,
  taskAnswers,
} from './run-schemas.ts';
import { AskBody, ChangeBody, MessageBody, steeringAnswers } from './steering-bodies.ts';
import { ToolResultBody } from './tool-result-body.ts';
import {
  DeletedSession,
  FileChanges,
  RewindBody,
  Session,
  SessionList,
  SessionMessages,
} from './session-schemas.ts';

/** What its operations name. */
export const schemas = {
  bodies: {
    ApprovalRequest: ApprovalBody,
    RewindRequest: RewindBody,
    RunChangeRequest: ChangeBody,
    RunMessageRequest: MessageBody,
    RunRequest: RunBody,
    SideQuestionRequest: AskBody,
    ToolResultRequest: ToolResultBody,
  },
  answers: {
    AgentEvent,
    AgentRun,
    AgentRunList,
    AgentRunRecord,
    Approval,
    ApprovalList,
    DeletedRunRecord,
    DeletedSession,
    FileChanges,
    RunChange,
    Session,
    SessionList,
    SessionMessages,
    ...steeringAnswers,
    ...taskAnswers,
  },
} satisfies Schemas;

const tag: Tag = { name: 'Agents', description: 'The CLI with its own tools, and its sessions.' };

/** What all of its operations have. */
export const shared = { tag, failures: directFailures };

/** A route of this dialect. */
export type DirectOperation = OperationOf<typeof schemas>;
