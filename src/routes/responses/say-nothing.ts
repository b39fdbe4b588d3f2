import type { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import type { RunEvent } from '../../run.ts';

const NOTHING = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: undefined };

/** What stands in for a run when nothing is to be answered yet. */
export async function* sayNothing({
  model,
}: Pick<ResponsesBody, 'model'>): AsyncIterable<RunEvent> {
  yield { type: 'run-start', id: '', model, sessionId: undefined, usage: NOTHING };
  yield {
    type: 'run-end',
    finish: 'stop',
    stopSequence: undefined,
    usage: NOTHING,
    agent: undefined,
  };
}
