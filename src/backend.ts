import { RunError } from './run-error.ts';
import type { InputAnswer } from './run-input.ts';
import type {
  AgentOptions,
  CountTokens,
  DroppableParam,
  PermissionMode,
  Run,
  RunRequest,
} from './run.ts';
import type { TranscriptPlace, Transcripts } from './sessions/session-transcript.ts';

/**
 * What a server needs of whatever answers. The CLI is one such back end (`src/claude/`); a queue in front of
 * other machines would be another. A run fails by throwing a `RunError`.
 *
 * @example
 * const usage = { input: 1, output: 1, cacheRead: 0, cacheWrite: 0, reasoning: undefined };
 * const counts: BackendCounts = {
 *   processes: { running: 0, ready: 0, kept: 0, suspended: 0 },
 *   spares: { chat: { hit: 0, missed: 0 }, agent: { hit: 0, missed: 0 } },
 *   apiRetries: new Map(),
 *   refusals: [],
 *   planLimits: [],
 * };
 * const backend: Backend = {
 *   async *run({ model, messages }) {
 *     yield { type: 'run-start', id: 'msg_1', model, sessionId: undefined, usage };
 *     yield { type: 'part-start', index: 0, part: { type: 'text' } };
 *     yield { type: 'part-delta', index: 0, delta: `Messages: ${messages.length}` };
 *     yield { type: 'part-end', index: 0 };
 *     yield { type: 'run-end', finish: 'stop', stopSequence: undefined, usage, agent: undefined };
 *   },
 *   steering: NO_STEERING,
 *   sessionWork: NO_SESSION_WORK,
 *   countTokens: async () => 1,
 *   readStatus: async () => ({ isLoggedIn: true, account: undefined, models: [] }),
 *   createSessionId: async () => crypto.randomUUID(),
 *   counts: () => counts,
 *   close: async () => {},
 * };
 */
export type Backend = {
  run: Run;
  /**
   * Told of a request that waits for its place, so that what takes long can begin already; what it returns is
   * called when the request is over, or has left. Default: nothing can.
   */
  anticipate?: (request: RunRequest) => () => void;
  steering: Steering;
  /**
   * Throws `forbidden` unless all of these paths lie where the agent of a run may work, on the machine that carries
   * it out, and `conflict` when the run is not at work. Default: that machine is the server's own.
   */
  checkPaths?: CheckPaths;
  sessionWork: SessionWork;
  /** Default: nothing is written down. */
  transcripts?: Transcripts;
  countTokens: CountTokens;
  readStatus: ReadCliStatus;
  /** The id for a new session, by which a process that was started ahead for it is found. */
  createSessionId: (request: RunRequest, agent: AgentOptions) => Promise<string>;
  counts: () => BackendCounts;
  /** Resolves when nothing that it started is left. */
  close: () => Promise<void>;
};

/**
 * What can be said to an agent's run while it goes on. Runs are named by the ids of their requests. All
 * throw `conflict` when the run is not at work.
 */
export type Steering = {
  /** Tells a run what it waits for. Throws `conflict` when it does not wait for that. */
  answer: (runId: string, inputId: string, answer: InputAnswer) => Promise<void>;
  /** Says something to the agent, which reads it at its next step. */
  send: (runId: string, message: { id: string; text: string }) => Promise<void>;
  /** Resolves with whether the agent had not read it yet. Throws `not-found` for an unknown message. */
  takeBack: (runId: string, messageId: string) => Promise<boolean>;
  /** Ends what the agent does now; it goes on with messages that wait, or the run is over. */
  interrupt: (runId: string) => Promise<void>;
  /** Holds from the agent's next step. */
  change: (runId: string, change: AgentChange) => Promise<void>;
  /** A question beside the conversation; its tokens are the run's. */
  ask: (runId: string, question: string) => Promise<string>;
  /** The end of what a background task wrote. Throws `not-found` for an unknown one. */
  readTask: (runId: string, taskId: string) => Promise<TaskOutput>;
  /** Ends a background task. */
  stopTask: (runId: string, taskId: string) => Promise<void>;
};

/** Whether an agent may be given leave for these paths. Runs are named by the ids of their requests. */
export type CheckPaths = (runId: string, paths: readonly string[]) => Promise<void>;

/** For a back end whose runs cannot be spoken to: whatever is said is a `conflict`. */
export const NO_STEERING: Steering = {
  answer: refuse,
  send: refuse,
  takeBack: refuse,
  interrupt: refuse,
  change: refuse,
  ask: refuse,
  readTask: refuse,
  stopTask: refuse,
};

function refuse(): Promise<never> {
  const message = 'What answers here cannot be spoken to while it is at work.';
  return Promise.reject(new RunError('conflict', message));
}

/** What is done with the sessions of agents between their runs. The caller sees to it that none is on it. */
export type SessionWork = {
  /**
   * Puts files back as they were when a message of the user's was sent, and resolves with what that
   * changes: of files that the agent's file tools wrote. A dry run only tells. Throws `not-found` for a
   * message of which nothing was noted.
   */
  rewindFiles: (
    session: SessionPlace,
    to: { messageId: string; isDryRun: boolean },
    signal: AbortSignal,
  ) => Promise<FileChanges>;
  /** Gives a new session all that was said in this one, and what it cost to say. */
  fork: (session: SessionPlace, newId: string, signal: AbortSignal) => Promise<void>;
};

/** Where a session is found. `model` is the full id of the one that answered last. */
export type SessionPlace = TranscriptPlace & { workingDirectory: string; model: string };

/** Absolute paths, and lines. */
export type FileChanges = { files: readonly string[]; insertions: number; deletions: number };

/** For a back end that keeps no sessions: whatever is asked of it is a `conflict`. */
export const NO_SESSION_WORK: SessionWork = { rewindFiles: refuseSession, fork: refuseSession };

function refuseSession(): Promise<never> {
  const message = 'What answers here keeps no sessions that this can be done with.';
  return Promise.reject(new RunError('conflict', message));
}

/** `totalBytes` is the size of all of it. */
type TaskOutput = { output: string; totalBytes: number; isTruncated: boolean };

/** What can change while an agent is at work. */
type AgentChange = {
  permissionMode?: Exclude<PermissionMode, 'bypassPermissions' | 'plan'> | undefined;
  model?: string | undefined;
};

export type BackendCounts = {
  /** Processes by what they do: at work, started ahead, kept for their callers, waiting for tool results. */
  processes: { running: number; ready: number; kept: number; suspended: number };
  /** Processes that requests asked for, by whether one that was started ahead was there. */
  spares: Readonly<Record<'chat' | 'agent', { hit: number; missed: number }>>;
  /** API calls that were tried again, by the status of the answer; `none` where there was no answer. */
  apiRetries: ReadonlyMap<string, number>;
  /** What models refused. */
  refusals: readonly LearntRefusal[];
  /** How far the account's plan is used up, where the login has one. */
  planLimits: readonly PlanLimit[];
};

/** What a model refused with some value: with that one it is left out, or a schema left to the CLI, for so long. */
export type LearntRefusal = {
  model: string;
  param: DroppableParam | 'outputSchema';
  expiresInMs: number;
};

/** A window of the account's plan, as it was last told. */
export type PlanLimit = {
  /** `five_hour`, `seven_day` and others, as the CLI names them. */
  window: string;
  /** The share that is used up, 0 to 1; a plan may let it go beyond. */
  used: number;
  /** Whether requests are refused until it begins anew. */
  isReached: boolean;
  /** When it begins anew, in milliseconds since 1970. */
  resetsAtMs: number;
};

/** A model that the CLI offers. */
export type Model = {
  /** The full id, as the API knows it. */
  id: string;
  /** Shorter names that mean the same. */
  aliases: readonly string[];
  displayName: string;
};

/** What the CLI says about itself. */
export type CliStatus = {
  isLoggedIn: boolean;
  /** Its version, as far as it tells: it may be replaced while the server runs. */
  version?: string | undefined;
  /** Whose login it is, as far as the CLI tells. */
  account: string | undefined;
  models: readonly Model[];
};

/** Asks the CLI about itself. Throws `RunError` when it does not answer. */
export type ReadCliStatus = () => Promise<CliStatus>;
