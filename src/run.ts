/** The canonical types: every dialect is translated to and from them, and none is a dialect's, HTTP's or the CLI's. */

import type { AgentEvent, AgentOptions, AgentSummary } from './run-agent.ts';
import type { InputRequest, InputSettled } from './run-input.ts';

export type {
  AgentEvent,
  AgentOptions,
  AgentPart,
  AgentSummary,
  AgentTask,
  McpServer,
  PermissionMode,
  Subagent,
} from './run-agent.ts';

/**
 * Executes one request. Layers (gate, retry, sessions …) wrap a `Run` and return a `Run`.
 * A run that fails throws one `RunError`; a run whose signal aborts throws the signal's reason.
 */
export type Run = (
  request: RunRequest,
  signal: AbortSignal,
) => AsyncIterable<RunEvent | RunProgress>;

/** Counts the tokens that a request would send, without sending it. Throws `RunError` like a run. */
export type CountTokens = (request: RunRequest, signal: AbortSignal) => Promise<number>;

export type RunRequest = {
  /** An alias (`sonnet`) or a full id, as the caller wrote it. */
  model: string;
  /** System and developer text, joined in front of the conversation in this order. */
  instructions: readonly string[];
  /** Ends with a user message. */
  messages: readonly Message[];
  /** The caller's own tools, executed by the caller. */
  tools: readonly Tool[];
  toolChoice: ToolChoice;
  parallelToolCalls: boolean;
  output: WantedOutput;
  sampling: Sampling;
  thinking: Thinking;
  effort: Effort | undefined;
  /** The API's service tier, as the API names it. */
  serviceTier?: string | undefined;
  /** Present when the request wants an agent with built-in tools; absent when it wants a model. */
  agent: AgentOptions | undefined;
  caller: Caller;
  /** Only a server that has all of these may carry it out. */
  tags?: readonly string[] | undefined;
  /** Waits for its turn as long as it takes: its caller has gone already. */
  isPatient?: true;
  /** Nobody reads its answer before that is whole, so that it can be begun anew. */
  isWhole?: true;
  /** Whoever asks holds a place of the gate for it already. */
  isPlaced?: true;
};

/** One turn of the conversation, with its true role. */
export type Message = { role: 'user' | 'assistant'; parts: readonly Part[] };

export type Part =
  | TextPart
  | ReasoningPart
  | RedactedReasoningPart
  | ImagePart
  | DocumentPart
  | ToolCallPart
  | ToolResultPart;

export type TextPart = { type: 'text'; text: string };

/** Thinking of an earlier turn. `signature` is the API's proof that the text is its own. */
export type ReasoningPart = { type: 'reasoning'; text: string; signature: string | undefined };

/** Thinking of an earlier turn that only the API can read. */
export type RedactedReasoningPart = { type: 'redacted-reasoning'; data: string };

export type ImagePart = PlacedPart & { type: 'image'; source: MediaSource };

export type DocumentPart = PlacedPart & {
  type: 'document';
  source: MediaSource;
  title: string | undefined;
};

type PlacedPart = {
  /** Where the part stands in the caller's request, in the dialect's notation; complaints name it. */
  path?: string | undefined;
};

export type MediaSource =
  | { kind: 'base64'; mediaType: string; data: string }
  | { kind: 'text'; text: string }
  | { kind: 'url'; url: string };

export type ToolCallPart = { type: 'tool-call'; id: string; name: string; input: unknown };

export type ToolResultPart = {
  type: 'tool-result';
  callId: string;
  content: readonly (TextPart | ImagePart | DocumentPart)[];
  isError: boolean;
};

/** A function of the caller. `inputSchema` is JSON Schema, passed on as it came. */
export type Tool = {
  name: string;
  description: string | undefined;
  inputSchema: Record<string, unknown>;
  /** A call whose arguments do not fit the schema is a failure. */
  isStrict?: true;
  /** Where the schema stands in the caller's request, in the dialect's notation; complaints name it. */
  path?: string | undefined;
};

export type ToolChoice =
  | { type: 'auto' }
  | { type: 'none' }
  | { type: 'required' }
  | { type: 'tool'; name: string };

export type WantedOutput =
  | { type: 'text' }
  | {
      type: 'json';
      /** JSON Schema; any object will do when absent. */
      schema: Record<string, unknown> | undefined;
      /** Where the schema stands in the caller's request, in the dialect's notation. */
      path?: string | undefined;
    };

/** What is `undefined` is left to the model's default. */
export type Sampling = {
  temperature: number | undefined;
  topP: number | undefined;
  topK: number | undefined;
  stop: readonly string[] | undefined;
  maxOutputTokens: number | undefined;
};

/** `default` is what the API does when a request does not mention thinking. */
export type Thinking =
  | { type: 'default' }
  | { type: 'off' }
  | ShownThinking<{ type: 'adaptive' }>
  | ShownThinking<{ type: 'budget'; tokens: number }>;

/** `display` is how much of it the API hands out, as the API names it. */
type ShownThinking<Kind> = Kind & { display?: string | undefined };

export type Effort = 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export type Caller = {
  /** Names the key; never the key itself. */
  keyId: string;
  /** The request's own user id (`user`, `metadata.user_id`). */
  user: string | undefined;
  requestId: string;
  /** The span to which its own belong, as W3C Trace Context names it; absent without tracing. */
  trace?: { traceparent: string; tracestate?: string } | undefined;
};

/** One `run-start`, then the parts, each started, filled and ended in turn, then one `run-end`. */
export type RunEvent =
  | RunStart
  | { type: 'part-start'; index: number; part: StartedPart }
  | { type: 'part-delta'; index: number; delta: string }
  /** The API's proof that the reasoning just streamed is its own. */
  | { type: 'part-signature'; index: number; signature: string }
  | { type: 'part-end'; index: number }
  | AgentEvent
  | InputRequest
  | InputSettled
  | RunEnd;

export type RunStart = {
  type: 'run-start';
  /** The API's own message id. */
  id: string;
  /** The full id of the model that answers. */
  model: string;
  sessionId: string | undefined;
  /** The id of the user's message that the run began with; told where files can be put back as they were then. */
  promptId?: string | undefined;
  /** What is known of the input at the start. */
  usage: TokenUsage;
  /** What the model would not take, and was left out. */
  dropped?: readonly DroppableParam[];
};

/** Parameters that some models refuse. */
export type DroppableParam =
  | 'temperature'
  | 'topP'
  | 'topK'
  | 'effort'
  | 'thinking'
  | 'toolChoice'
  | 'serviceTier';

/** How far a run has come. It belongs to no answer, and may come again when the run is tried again. */
export type RunProgress = { type: 'run-progress'; step: RunStep };

/**
 * It waits for a place, if it is patient; it has a place; its process is bound to it; the process has been asked; the process said something that
 * is no part of the answer.
 */
export type RunStep = 'queued' | 'placed' | 'bound' | 'asked' | 'heard';

/** The kind of part whose deltas follow: text, reasoning text, JSON arguments, or a tool's output. */
export type StartedPart =
  | { type: 'text' }
  | { type: 'reasoning' }
  | { type: 'redacted-reasoning'; data: string }
  | { type: 'tool-call'; id: string; name: string }
  | { type: 'tool-result'; callId: string; isError: boolean };

export type RunEnd = {
  type: 'run-end';
  finish: RunFinish;
  /** The stop sequence that ended the answer. */
  stopSequence: string | undefined;
  usage: TokenUsage;
  /** Present for agent runs. */
  agent: AgentSummary | undefined;
};

export type RunFinish =
  | 'stop'
  | 'stop-sequence'
  | 'length'
  | 'tool-calls'
  | 'refusal'
  | 'context-full'
  | 'paused'
  | 'max-turns'
  | 'max-budget'
  /** Its caller stopped the agent. */
  | 'interrupted';

/** Tokens of one answer. Cache reads and writes are not part of `input`. */
export type TokenUsage = {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  /** The share of `output` spent on thinking, where the API tells. */
  reasoning: number | undefined;
};
