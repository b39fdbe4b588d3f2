import type { Run, RunEvent } from '../../src/run.ts';

const usage = { input: 3, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined };

export const START: RunEvent = {
  type: 'run-start',
  id: 'msg_1',
  model: 'claude-sonnet-5-5',
  sessionId: undefined,
  usage,
};

export const END: RunEvent = {
  type: 'run-end',
  finish: 'stop',
  stopSequence: undefined,
  usage: { ...usage, output: 7 },
  agent: undefined,
};

/** A run that says two words; `pass` is called before each step that a record tells. */
export function sayWords(pass: () => void = () => undefined): Run {
  return async function* words() {
    pass();
    yield { type: 'run-progress', step: 'placed' };
    pass();
    yield { type: 'run-progress', step: 'bound' };
    yield START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    pass();
    yield { type: 'part-delta', index: 0, delta: 'Hello ' };
    yield { type: 'part-delta', index: 0, delta: 'world.' };
    yield { type: 'part-end', index: 0 };
    pass();
    yield END;
  };
}
