// The form that tries an API: sends what the server says that it means, and shows the answer as it comes.
import { isEnd, readEvents, toText, toWholeText } from './read-answer.js';
import { call, readFailure, send, toFailure } from './server.js';

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

let sending;

const find = (id) => document.getElementById(id);

find('trial').addEventListener('input', debounce(showSnippets, 150));
find('trial').addEventListener('submit', onSend);
find('trial-stop').addEventListener('click', () => sending?.abort());
document.querySelector('[role=tablist]').addEventListener('keydown', onTabKey);
document.querySelector('[role=tablist]').addEventListener('click', onTabClick);
void showSnippets();

/** Writes the same request as a link and as code. */
async function showSnippets() {
  find('trial-link').search = String(new URLSearchParams(new FormData(find('trial'))));
  const { snippets } = (await describeTrial(() => {})) ?? { snippets: {} };
  for (const [name, code] of Object.entries(snippets)) find(`snippet-${name}`).textContent = code;
}

async function describeTrial(tell) {
  const body = JSON.stringify(Object.fromEntries(new FormData(find('trial'))));
  const headers = { 'content-type': 'application/json' };
  const response = await call('/dashboard/trial', { method: 'POST', headers, body }, tell);
  return response?.json();
}

async function onSend(event) {
  event.preventDefault();
  sending?.abort();
  const mine = (sending = new AbortController());
  find('answer').textContent = '';
  find('trial-failure').hidden = true;
  tellState('Waiting …');
  find('trial-stop').disabled = false;
  const startedAt = performance.now();
  try {
    const failure = await askApi(mine.signal);
    if (sending !== mine) return;
    if (failure) showFailure(failure);
    else tellState(`Done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  } catch {
    if (mine.signal.aborted) tellState('Stopped');
    else showFailure({ code: 'broken', reason: 'The connection to the server broke off.' });
  } finally {
    if (sending === mine) find('trial-stop').disabled = true;
  }
}

/** Shows the answer; returns what failed. */
async function askApi(signal) {
  let complaint = '';
  const trial = await describeTrial((text) => (complaint = text));
  if (!trial) return { code: '', reason: complaint };
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(trial.body);
  const response = await send(trial.path, { method: 'POST', headers, body, signal });
  if (!response.ok) return readFailure(response);
  if (trial.body.stream) return showStream(trial.reading, response);
  find('answer').textContent = toWholeText(trial.reading, await response.json());
}

async function showStream(reading, response) {
  const requestId = response.headers.get('x-request-id');
  for await (const event of readEvents(response.body)) {
    const text = toText(reading, event);
    if (text) find('answer').append(text);
    if (text) tellState('Answering …');
    const error = event.error ?? event.response?.error ?? (event.type === 'error' && event);
    if (error) return { requestId, ...toFailure(error) };
    if (isEnd(reading, event)) return;
  }
  return { requestId, code: 'broken', reason: 'The answer broke off before its end.' };
}

function showFailure(failure) {
  const { status, code, reason, requestId } = failure;
  const [, advise] = ADVICE.find(([pattern]) => pattern.test(`${status ?? ''} ${code}`));
  tellState('Failed');
  find('failure-title').textContent = [status ?? 'In the stream', code].filter(Boolean).join(' ');
  find('failure-reason').textContent = reason;
  find('failure-advice').textContent = advise(failure);
  find('failure-request').textContent = requestId ?? 'without an id';
  find('trial-failure').hidden = false;
}

function tellState(text) {
  find('trial-state').textContent = text;
}

/** Left and right move between tabs: https://www.w3.org/WAI/ARIA/apg/patterns/tabs */
function onTabKey(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  const tabs = [...event.currentTarget.children];
  const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
  next.focus();
  selectTab(next);
}

function onTabClick({ target }) {
  if (target.role === 'tab') selectTab(target);
}

function selectTab(chosen) {
  for (const tab of chosen.parentElement.children) {
    const isChosen = tab === chosen;
    tab.ariaSelected = String(isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute('aria-controls')).hidden = !isChosen;
  }
}

function debounce(task, ms) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => task(), ms);
  };
}
