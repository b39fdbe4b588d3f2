import type { AgentOptions, Run, RunEvent, RunRequest } from '../../src/run.ts';

const NO_USAGE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined };

/** What a run reports when it begins, from a model that is not the alias of the request. */
export const RUN_START: RunEvent = {
  type: 'run-start',
  id: 'msg_1',
  model: 'claude-sonnet-full-id',
  sessionId: undefined,
  usage: NO_USAGE,
};

/** What a run reports at its end. */
export const RUN_END: RunEvent = {
  type: 'run-end',
  finish: 'stop',
  stopSequence: undefined,
  usage: NO_USAGE,
  agent: undefined,
};

/** A run that begins, ends, and shows each request that reached it. */
export function createRecordingRun(): { run: Run; requests: RunRequest[] } {
  const requests: RunRequest[] = [];
  return {
    requests,
    async *run(request) {
      requests.push(request);
      yield RUN_START;
      yield RUN_END;
    },
  };
}

/** Reads a stream to its end. */
export async function readAll<Event>(events: AsyncIterable<Event>): Promise<Event[]> {
  const all: Event[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** Lets everything happen that waits for nothing but its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A request of a chat dialect: a model, no agent. */
export function toModelRequest(keyId = 'key-a', prompt = 'Hello'): RunRequest {
  return {
    model: 'sonnet',
    instructions: [],
    messages: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }],
    tools: [],
    toolChoice: { type: 'auto' },
    parallelToolCalls: true,
    output: { type: 'text' },
    sampling: {
      temperature: undefined,
      topP: undefined,
      topK: undefined,
      stop: undefined,
      maxOutputTokens: undefined,
    },
    thinking: { type: 'default' },
    effort: undefined,
    agent: undefined,
    caller: { keyId, user: undefined, requestId: 'request-1' },
  };
}

/** A request of `/api/run`. */
export function toAgentRequest({
  keyId,
  prompt,
  ...agent
}: Partial<AgentOptions> & { keyId?: string; prompt?: string } = {}): RunRequest {
  return {
    ...toModelRequest(keyId, prompt),
    agent: {
      session: undefined,
      allowedTools: [],
      disallowedTools: [],
      workingDirectory: undefined,
      permissionMode: 'dontAsk',
      systemPrompt: undefined,
      appendSystemPrompt: undefined,
      maxTurns: undefined,
      maxBudgetUsd: undefined,
      ...agent,
    },
  };
}
