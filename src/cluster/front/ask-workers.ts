import { randomUUID } from 'node:crypto';

import type { Backend, Steering } from '../../backend.ts';
import { requestToWire } from '../../run-wire.ts';
import { RunError } from '../../run-error.ts';
import { type AskAWorker, type FindLeastBusy, toAny, toOne } from './ask-a-worker.ts';

export type AskWorkersOptions = {
  ask: AskAWorker;
  leastBusy: FindLeastBusy;
  /** The worker of the run with this request's id. */
  findWorker: (requestId: string) => string | undefined;
};

/** What a back end is asked beside runs, asked of the workers. */
export function createAskWorkers({
  ask,
  leastBusy,
  findWorker,
}: AskWorkersOptions): Pick<
  Backend,
  'steering' | 'checkPaths' | 'countTokens' | 'readStatus' | 'createSessionId'
> {
  const askOfRun = (method: string, args: readonly [string, ...unknown[]]) => {
    const worker = findWorker(args[0]);
    if (worker === undefined) throw new RunError('conflict', 'This run is not at work.');
    return ask(method, args, toOne(worker));
  };
  const steer = (method: keyof Steering, args: readonly [string, ...unknown[]]) =>
    askOfRun(`steering.${method}`, args);
  /** Counting and reading may be done twice. */
  const askAny = (method: string, args: readonly unknown[], tags?: readonly string[]) =>
    ask(method, args, { ...toAny(leastBusy, tags), isRepeatable: true });
  return {
    steering: {
      answer: async (...args) => void (await steer('answer', args)),
      send: async (...args) => void (await steer('send', args)),
      takeBack: async (...args) => (await steer('takeBack', args)) === true,
      interrupt: async (...args) => void (await steer('interrupt', args)),
      change: async (...args) => void (await steer('change', args)),
      ask: async (...args) => String(await steer('ask', args)),
      readTask: async (...args) =>
        (await steer('readTask', args)) as Awaited<ReturnType<Steering['readTask']>>, // as it is there
      stopTask: async (...args) => void (await steer('stopTask', args)),
    },
    checkPaths: async (...args) => void (await askOfRun('checkPaths', args)),
    countTokens: async (request) =>
      Number(await askAny('countTokens', [requestToWire(request)], request.tags)),
    readStatus: async () =>
      (await askAny('readStatus', [])) as Awaited<ReturnType<Backend['readStatus']>>, // as it is there
    createSessionId: () => Promise.resolve(randomUUID()),
  };
}
