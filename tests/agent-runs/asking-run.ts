import type { Run } from '../../src/run.ts';
import type { InputAnswer, InputRequest } from '../../src/run-input.ts';
import { RUN_END, RUN_START } from '../sessions/agent-request.ts';

/** A run that asks for something, as `inp_` and its id, and ends when it is answered; and what answers it. */
export function createAskingRun(toRequest: (id: string) => InputRequest) {
  const waiting = new Map<string, (answer: InputAnswer) => void>();
  const run: Run = async function* asking({ caller: { requestId } }, signal) {
    yield { type: 'run-progress', step: 'placed' };
    yield RUN_START;
    const id = `inp_${requestId}`;
    const { promise, resolve, reject } = Promise.withResolvers<InputAnswer>();
    waiting.set(id, resolve);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    yield toRequest(id);
    const { decision } = await promise;
    yield { type: 'input-settled', id, decision };
    yield RUN_END;
  };
  return { run, answer: (id: string, answer: InputAnswer) => waiting.get(id)?.(answer) };
}
