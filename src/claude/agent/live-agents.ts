import type { Steering } from '../../backend.ts';
import { RunError } from '../../run-error.ts';
import type { LiveAgent } from './live-agent.ts';

export type LiveAgents = {
  /** Lists a run's agent until the returned function is called. */
  add: (runId: string, agent: LiveAgent) => () => void;
  steering: Steering;
};

/** Makes the list of the agents that are at work, by the ids of their runs. */
export function createLiveAgents(): LiveAgents {
  const agents = new Map<string, LiveAgent>();

  const find = (runId: string) => {
    const agent = agents.get(runId);
    if (agent) return agent;
    const sentence = 'The run is not at work: it has not begun yet, or has ended.';
    throw new RunError('conflict', sentence, { param: 'id' });
  };

  return {
    add(runId, agent) {
      agents.set(runId, agent);
      return () => {
        if (agents.get(runId) === agent) agents.delete(runId);
      };
    },
    steering: {
      answer: async (runId, inputId, answer) => find(runId).answer(inputId, answer),
      send: async (runId, message) => find(runId).send(message),
      takeBack: async (runId, messageId) => find(runId).takeBack(messageId),
      interrupt: async (runId) => find(runId).interrupt(),
      change: async (runId, change) => find(runId).change(change),
      ask: async (runId, question) => find(runId).ask(question),
      readTask: async (runId, taskId) => find(runId).readTask(taskId),
      stopTask: async (runId, taskId) => find(runId).stopTask(taskId),
    },
  };
}
