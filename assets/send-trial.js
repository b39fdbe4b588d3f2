// Sends one request of the form and reads what comes of it.
import { createAnswer, findError, isEnd, readEvents, readInto } from './read-answer.js';
import { ask, call, readFailure, send, toFailure, toJson } from './server.js';
import { fillImages, toTrial } from './trial-form.js';

/** How often the cost is asked for, and the time between, in milliseconds. */
const [COST_ASKS, COST_MS] = [8, 500];

/** The request as the server words it: its path, its body, and code. `tell` is given what is wrong. */
export async function describeTrial(trial, tell) {
  const response = await ask('/dashboard/trial', toJson('POST', trial), tell);
  return response?.json();
}

/** A request to `model` before it is sent. */
export function createExchange(form, model) {
  const { dialect, isWhole } = form;
  const answer = createAnswer();
  return { dialect, isWhole, model, form, answer, state: 'Waiting …', raw: '', events: [] };
}

/** Sends it and fills it with what comes; `draw` is called whenever something did. */
export async function carryOut(exchange, { takes, signal, draw }) {
  const startedAt = performance.now();
  try {
    exchange.failure = await exchangeAll(exchange, { takes, signal, draw });
    exchange.state = exchange.failure ? 'Failed' : 'Done';
  } catch {
    exchange.state = signal.aborted ? 'Stopped' : 'Failed';
    const reason = 'The connection to the server broke off.';
    if (!signal.aborted) exchange.failure = { code: 'broken', reason };
  }
  exchange.tookMs = performance.now() - startedAt;
  draw();
  if (exchange.state !== 'Done' || exchange.answer.costUsd !== undefined) return;
  exchange.costUsd = await readCost(exchange.requestId);
  draw();
}

/** Returns what failed. */
async function exchangeAll(exchange, { takes, signal, draw }) {
  const { form, model, answer, dialect } = exchange;
  let complaint;
  const described = await describeTrial(
    toTrial(form, takes, model).trial,
    (failure) => (complaint = failure),
  );
  if (!described) return complaint;
  const { path, body } = described;
  Object.assign(exchange, { path, body });
  draw();
  const response = await send(path, toJson('POST', fillImages(body, form), signal));
  exchange.requestId = response.headers.get('x-request-id');
  exchange.ignored = response.headers.get('x-ignored-params');
  if (!response.ok) {
    const failure = await readFailure(response);
    exchange.raw = failure.text;
    return failure;
  }
  if (!form.isWhole) return readStream(exchange, response, draw);
  const whole = await response.json();
  exchange.raw = JSON.stringify(whole, null, 2);
  readInto(answer, dialect, whole);
}

/** To its end, behind the last event, too: all that came is shown. */
async function readStream(exchange, response, draw) {
  const { requestId, dialect, answer } = exchange;
  const tell = (text) => (exchange.raw += text);
  let isWhole = false;
  for await (const event of readEvents(response.body, tell)) {
    exchange.state = 'Answering …';
    exchange.events.push(event);
    readInto(answer, dialect, event);
    draw();
    const error = findError(event);
    if (error) return { requestId, ...toFailure(error) };
    isWhole ||= isEnd(event);
  }
  if (isWhole) return;
  return { requestId, code: 'broken', reason: 'The answer broke off before its end.' };
}

/** What it cost by the log of the requests, in dollars; the CLI tells it soon after the answer, or never. */
async function readCost(requestId) {
  for (let left = COST_ASKS; left > 0; left -= 1) {
    const response = await call(`/api/admin/requests?text=${requestId}`, {}, () => {});
    const costUsd = (await response?.json())?.requests[0]?.costUsd;
    if (typeof costUsd === 'number') return costUsd;
    await new Promise((resolve) => setTimeout(resolve, COST_MS));
  }
}

/** What to do, by the status or, in the middle of a stream, by the code. The first that fits. */
const ADVICE = [
  [
    /429|rate.limit/,
    ({ wait }) => `${wait ? `Wait ${wait} s` : 'Wait a while'}, then send it again.`,
  ],
  [
    /401|logged.in|authentication/,
    () =>
      'On the server run `claude` and then `/login` in it, or set ANTHROPIC_API_KEY; then send it again.',
  ],
  [
    /403|permission|forbidden/,
    () =>
      'The page Keys says what each key may do; the rest is for the owner of the account to say.',
  ],
  [/404|not.found/, () => 'Choose another model of the list.'],
  [/413|too.large|context/, () => 'Send less text.'],
  [/499|cancel/, () => 'It was stopped on purpose; send it again if that was a mistake.'],
  [/400|invalid/, () => 'Change what the sentence names.'],
  [/503|504|529|overloaded|timeout|shutting|broken/, () => 'Send it again in a moment.'],
  [/.*/, () => 'The log of the server says more under the id of the request.'],
];

/** What a person does about a failure. */
export function toAdvice(failure) {
  const words = `${failure.status ?? ''} ${failure.code}`;
  const [, advise] = ADVICE.find(([pattern]) => pattern.test(words));
  return advise(failure);
}
