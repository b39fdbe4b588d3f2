import type { Message, ToolResultPart } from './run.ts';

/**
 * What an agent's run waits to be told by its caller. Plain JSON with ids, so that it can cross a wire
 * like the run itself.
 */

/** Something that the run waits for, as an event of the run. The id is known nowhere else. */
export type InputRequest = ApprovalRequest | QuestionRequest | PlanReview | ToolRequest;

/** A tool call that needs leave. */
export type ApprovalRequest = {
  type: 'approval-request';
  id: string;
  callId: string;
  toolName: string;
  input: Readonly<Record<string, unknown>>;
  description?: string | undefined;
  /** Why it needs leave, where that is told. */
  reason?: string | undefined;
  /** The file or folder that it needs leave for, where that is told. */
  path?: string | undefined;
  /** What could be allowed for the rest of the session, in the notation of `allowedTools`. */
  suggestions: readonly string[];
};

/** The agent wants to know something. */
type QuestionRequest = {
  type: 'question';
  id: string;
  callId: string;
  questions: readonly AgentQuestion[];
};

export type AgentQuestion = {
  question: string;
  /** A word or two that name it. */
  header?: string | undefined;
  /** Whether several options may be chosen. */
  isMultiple: boolean;
  options: readonly { label: string; description?: string | undefined }[];
};

/** The agent has a plan, and carries it out if that is allowed. */
type PlanReview = { type: 'plan-review'; id: string; callId: string; plan: string };

/** The agent calls a tool of the caller's, who carries it out. */
type ToolRequest = {
  type: 'tool-request';
  id: string;
  callId: string;
  toolName: string;
  input: Readonly<Record<string, unknown>>;
};

/** Nothing is waited for under this id any more. */
export type InputSettled = {
  type: 'input-settled';
  id: string;
  /** `withdrawn`: the agent does not need it any more. */
  decision: 'allow' | 'deny' | 'withdrawn';
  message?: string | undefined;
};

/** What a tool of the caller's came to. */
export type ToolOutput = Pick<ToolResultPart, 'content' | 'isError'>;

export type InputAnswer =
  | {
      decision: 'allow';
      /** What the tool is called with instead. */
      input?: Readonly<Record<string, unknown>> | undefined;
      /** What is allowed from here on, to the end of the run, in the notation of `allowedTools`. */
      rules?: readonly string[] | undefined;
      /** Question → answer. */
      answers?: Readonly<Record<string, string>> | undefined;
      /** What a tool of the caller's came to. */
      result?: ToolOutput | undefined;
    }
  /** `message` is for the agent. */
  | { decision: 'deny'; message: string };

/**
 * Checks every image and document of messages, and puts the content in the place of each web address.
 * Throws `invalid-request` that names the part.
 */
export type ReadMedia = (
  messages: readonly Message[],
  signal: AbortSignal,
) => Promise<readonly Message[]>;

/** Whether an event says that the run waits for something. */
export function isInputRequest<Event extends { type: string }>(
  event: Event,
): event is Extract<Event, InputRequest> {
  return ['approval-request', 'question', 'plan-review', 'tool-request'].includes(event.type);
}
