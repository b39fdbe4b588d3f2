import type { Steering } from '../../backend.ts';
import type { InputAnswer } from '../../run-input.ts';
import { RunError } from '../../run-error.ts';

/** What can be said to one agent. */
export type LiveAgent = { answer: (inputId: string, answer: InputAnswer) => void };

export type LiveAgents = {
  /** Notes that a run goes on, until the returned function is called. */
  add: (runId: string, agent: LiveAgent) => () => void;
  steering: Steering;
};

/** Makes the list of the agents that are at work, by the ids of their runs. */
export function createLiveAgents(): LiveAgents {
  const agents = new Map<string, LiveAgent>();

  const find = (runId: string) => {
    const agent = agents.get(runId);
    if (!agent) throw new RunError('conflict', 'The run does not go on any more.', { param: 'id' });
    return agent;
  };

  return {
    add(runId, agent) {
      agents.set(runId, agent);
      return () => {
        if (agents.get(runId) === agent) agents.delete(runId);
      };
    },
    steering: {
      async answer(runId, inputId, answer) {
        find(runId).answer(inputId, answer);
      },
    },
  };
}
