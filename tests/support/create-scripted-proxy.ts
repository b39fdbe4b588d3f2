import { createKeyBook } from '../../src/keys/key-book.ts';
import { withBlankStops } from '../../src/layers/with-blank-stops.ts';
import { withStrictTools } from '../../src/layers/with-strict-tools.ts';
import { withStructuredOutput } from '../../src/layers/with-structured-output.ts';
import { createTestApp } from './create-test-app.ts';
import { createScriptedRun, type ScriptedModel } from './scripted-run.ts';
import { createSend, KEY, type Proxy } from './start-proxy.ts';

/** What a client has to do with: a real proxy, or the app in this process. */
export type Reachable = Pick<Proxy, 'url' | 'send' | 'fetch'> & { model: ScriptedModel };

/** The app in this process, reached without a socket, over a scripted run. */
export function createScriptedProxy(): Reachable {
  const { run, model } = createScriptedRun();
  const app = createTestApp({
    run: withBlankStops(withStrictTools(withStructuredOutput(run))),
    keys: createKeyBook({ ownerKey: KEY }),
  });
  const fetch: Proxy['fetch'] = async (input, init) => {
    const request = new Request(input, init);
    return Promise.race([app.fetch(request), untilLeft(request.signal)]);
  };
  const url = 'http://app';
  return { url, model, fetch, send: createSend(url, {}, fetch) };
}

/** A caller who leaves hears no answer any more. */
function untilLeft(signal: AbortSignal) {
  const left = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => left.reject(signal.reason), { once: true });
  return left.promise;
}
