import type { Run, RunRequest, Tool } from '../../run.ts';

/** A request for one answer of a model, with what this room found out on the way. */
export type ChatRequest = RunRequest & {
  /** Present where the API does not hold the model to its answer's form, so that the CLI has to. */
  enforced?: Enforced;
};

/** The CLI gives the model a tool of its own for the answer, and insists that it is called. */
export type Enforced = {
  /** JSON Schema of the answer. */
  schema: Record<string, unknown>;
  /** The caller's tool that has to be called: the answer becomes its call. Otherwise it is the text. */
  tool?: Tool;
};

/** A `Run` inside this room. */
export type ChatRun = (request: ChatRequest, signal: AbortSignal) => ReturnType<Run>;
