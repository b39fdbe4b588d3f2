import { toDuration } from '../../dashboard/formats.ts';
import { APIS } from '../../dialects/index.ts';
import type { Trial } from '../../dialects/trial.ts';
import { failed, type Finding, ok, skipped, toText } from './finding.ts';

export type TryOptions = {
  url: string;
  key: string;
  cliStatus: { loggedIn: boolean | undefined; account: string | undefined };
  /** Whom to ask. Default: haiku where the account has it, else the first of the catalogue. */
  model: string | undefined;
  /** Longest time for each question. */
  timeoutMs: number;
  /** Takes one line about what is being asked. */
  tell: (line: string) => void;
};

const PROMPT = 'Answer with the word OK and nothing else.';

const LOG_IN = 'Run `claude` and then `/login` in it, or set ANTHROPIC_API_KEY.';

/** Login, catalogue, and one real request in each API. */
export async function* tryServer(options: TryOptions): AsyncGenerator<Finding> {
  const { loggedIn, account } = options.cliStatus;
  yield loggedIn
    ? ok(
        'login',
        account === undefined ? 'the CLI is logged in' : `the CLI is logged in as ${account}`,
      )
    : failed('login', 'the CLI is not logged in', LOG_IN);
  const names = await readModels(options);
  yield names.length > 0
    ? ok('models', names.join(', '))
    : failed('models', 'the CLI offers none', LOG_IN);
  const model = options.model ?? names.find((name) => name.includes('haiku')) ?? names[0];
  if (!loggedIn || model === undefined) return;
  yield* tryDialects(model, options);
}

/** One after the other; what stays silent once would do so in each of them. */
async function* tryDialects(model: string, options: TryOptions): AsyncGenerator<Finding> {
  let isSilent = false;
  for (const trial of APIS.flatMap(({ trials }) => trials.slice(0, 1))) {
    if (isSilent) {
      yield skipped(trial.title, 'it would take as long as the one above');
      continue;
    }
    const finding = await tryDialect(trial, model, options);
    isSilent = finding === undefined;
    yield finding ?? toSilence(trial.title, model, options);
  }
}

function toSilence(title: string, model: string, { timeoutMs }: TryOptions): Finding {
  return failed(
    title,
    `${model} has not answered within ${toDuration(timeoutMs)}`,
    'See that this machine reaches the API (proxy, firewall, ANTHROPIC_BASE_URL), or give it longer with --timeout.',
  );
}

async function readModels({ url, key, timeoutMs }: TryOptions): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(`${url}/v1/models`, { headers: { 'x-api-key': key }, signal });
  if (!response.ok) return [];
  const { data } = (await response.json()) as { data: { id: string }[] }; // of our own route
  return data.map(({ id }) => id);
}

/** `undefined` when there was no answer in time. */
async function tryDialect(
  { title, path, toBody }: Trial,
  model: string,
  { url, key, timeoutMs, tell }: TryOptions,
): Promise<Finding | undefined> {
  const signal = AbortSignal.timeout(timeoutMs);
  tell(`Asking ${model}: ${title}, at most ${toDuration(timeoutMs)} …`);
  const startedAt = performance.now();
  try {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify(
        toBody({ model, messages: [{ role: 'user', text: PROMPT }], isWhole: true }),
      ),
      signal,
    });
    const answer = (await response.json()) as { error?: string | { message?: string } }; // as all our failures
    const took = toDuration(performance.now() - startedAt);
    if (response.ok) return ok(title, `${model} answered in ${took}`);
    return failed(title, toReason(answer) ?? `status ${response.status}`, toAdvice(response));
  } catch (error) {
    if (signal.aborted) return undefined;
    return failed(
      title,
      toText(error),
      'Start the server with LOG_LEVEL=debug and look at its log.',
    );
  }
}

function toReason({ error }: { error?: string | { message?: string } }) {
  return typeof error === 'string' ? error : error?.message;
}

function toAdvice({ status }: Response) {
  if (status === 401) return LOG_IN;
  if (status === 404) return 'Choose a model of the list above with --model.';
  if (status === 429) return 'Wait until the limit of the account ends, then try again.';
  return 'Try `claude -p hello` in this shell: what fails there fails here, too.';
}
