/** What the runner counts for its operator, from its start on. */
export type RunnerTally = {
  /** Processes that requests asked for, by whether one that was started ahead was there. */
  spares: Readonly<Record<'chat' | 'agent', { hit: number; missed: number }>>;
  /** API calls that the CLI tried again, by the status of the answer; `none` where there was no answer. */
  apiRetries: Map<string, number>;
  /** Runs begun anew, since their process died before it said anything. */
  restarts: number;
};

export function createRunnerTally(): RunnerTally {
  return {
    spares: { chat: { hit: 0, missed: 0 }, agent: { hit: 0, missed: 0 } },
    apiRetries: new Map(),
    restarts: 0,
  };
}

/** Notes that the CLI tries an API call again. */
export function countApiRetry({ apiRetries }: RunnerTally, status: number | undefined): void {
  const label = status === undefined ? 'none' : String(status);
  apiRetries.set(label, (apiRetries.get(label) ?? 0) + 1);
}
