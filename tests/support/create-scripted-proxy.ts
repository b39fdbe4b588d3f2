import { createKeyBook } from '../../src/keys/key-book.ts';
import { createAnswerChecks } from '../../src/layers/answer-check/answer-check.ts';
import { withBlankStops } from '../../src/layers/with-blank-stops.ts';
import { withLoginAdvice } from '../../src/layers/with-login-advice.ts';
import { withModelAliases } from '../../src/layers/with-model-aliases.ts';
import { withStrictTools } from '../../src/layers/with-strict-tools.ts';
import { withStructuredOutput } from '../../src/layers/with-structured-output.ts';
import { createTestApp, type TestParts } from './create-test-app.ts';
import { createScriptedRun, type ScriptedModel } from './scripted-run.ts';
import { createSend, KEY, type Proxy } from './start-proxy.ts';

/** What a client has to do with: a real proxy, or the app in this process. */
export type Reachable = Pick<Proxy, 'url' | 'send' | 'fetch'> & { model: ScriptedModel };

/**
 * The app in this process, reached without a socket, over a scripted run. An answer is checked for
 * `longestCheckMs`, in milliseconds, by default as long as in the program.
 */
export function createScriptedProxy(
  { modelAliases = new Map(), ...settings }: TestParts['settings'] = {},
  { longestCheckMs }: { longestCheckMs?: number } = {},
): Reachable {
  const { run, model } = createScriptedRun();
  const toCheck = createAnswerChecks(longestCheckMs);
  const checked = withBlankStops(withStrictTools(withStructuredOutput(run, toCheck), toCheck));
  const app = createTestApp({
    run: withLoginAdvice(withModelAliases(checked, modelAliases), 'claude auth login'),
    keys: createKeyBook({ ownerKey: KEY }),
    settings: { modelAliases, maxBodyBytes: 1_000_000, ...settings },
  });
  const fetch: Proxy['fetch'] = async (input, init) => {
    const request = new Request(input, init);
    const response = await Promise.race([app.fetch(request), untilLeft(request.signal)]);
    return new Response(response.body && untilAborted(response.body, request.signal), response);
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

/** As with a socket, the reader of a body hears why it ends. */
function untilAborted(body: NonNullable<Response['body']>, signal: AbortSignal) {
  return body.pipeThrough(new TransformStream(), { signal });
}
