import type { Run, RunRequest } from '../../src/run.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';

/** A run that says one text; `note` hears of each request. */
export function sayText(text: string, note: (request: RunRequest) => void = () => {}): Run {
  return async function* saying(request) {
    note(request);
    yield RUN_START;
    yield { type: 'part-start', index: 0, part: { type: 'text' } };
    yield { type: 'part-delta', index: 0, delta: text };
    yield { type: 'part-end', index: 0 };
    yield RUN_END;
  };
}
