// One run: its head, its log, what it waits for, and a word to it.
import { refresh } from './dashboard.js';
import { followRun } from './follow-run.js';
import { toCount, toDollars } from './formats.js';
import { createInputCards, isInput } from './input-card.js';
import { createRunLog } from './run-log.js';
import { endSteering, steer } from './run-steering.js';
import { createRunTasks } from './run-tasks.js';
import { call, toJson } from './server.js';

const find = (id) => document.getElementById(id);

/** Behind these the head is another one. */
const TURNS = new Set(['run-start', 'input-settled', 'run-end', 'error']);

let following;
let runId;
/** Resolves when the head is as the last event left it. */
let refreshed = Promise.resolve();

find('run-message').addEventListener('submit', onMessage);
find('run-head').addEventListener('click', onHeadClick);

/** Shows a run to its end, or until another one is shown. `body` is a stream of its events, from the first. */
export async function showRun(id, { body, onChange }) {
  following?.abort();
  const { signal } = (following = new AbortController());
  runId = id;
  find('run-view').hidden = false;
  find('run-head').dataset.source = `/dashboard/runs/${id}`;
  find('run-log').replaceChildren();
  find('run-spent').textContent = '';
  complain('');
  find('run-message').hidden = false;
  find('run-tasks').hidden = true;
  steer(id);
  const change = () => {
    refreshed = refreshed.then(() => refresh(find('run-head')));
    onChange();
  };
  const spent = createMeter();
  const log = createRunLog(find('run-log'), { takeBack });
  const tasks = createRunTasks(find('run-task-list'), id);
  const cards = createInputCards(find('run-inputs'), { runId: id, log: find('run-log') });
  change();
  for await (const event of followRun(id, { signal, body, tell: say })) {
    if (signal.aborted) return;
    log.show(event);
    find('run-spent').textContent = spent(event);
    if (event.type === 'task') tasks.show(event);
    cards.show(event);
    if (isInput(event) || TURNS.has(event.type)) change();
  }
  if (signal.aborted) return;
  log.end();
  tasks.end();
  cards.end();
  endSteering();
  find('run-message').hidden = true;
  change();
}

/** Counts as the server does: what goes in is told, what comes out is guessed until the end. */
function createMeter() {
  let [input, characters] = [0, 0];
  return (event) => {
    if (event.type === 'run-start') input = toInput(event.usage);
    if (event.type === 'part-delta') characters += event.delta.length;
    if (event.type !== 'run-end') return toSpent('≈ ', input, Math.ceil(characters / 4));
    const { usage, agent } = event;
    return `${toSpent('', toInput(usage), usage.output)} · ${toDollars(agent?.costUsd ?? 0)}`;
  };
}

function toInput({ input, cacheRead, cacheWrite }) {
  return input + cacheRead + cacheWrite;
}

function toSpent(about, input, output) {
  return `${about}${toCount(input)} tokens in, ${toCount(output)} out`;
}

async function onMessage(event) {
  event.preventDefault();
  const form = event.target;
  if (await tellRun('POST', 'messages', { text: form.elements.text.value })) form.reset();
}

function takeBack(id) {
  return tellRun('DELETE', `messages/${id}`);
}

function tellRun(method, path, body) {
  return call(`/api/runs/${runId}/${path}`, toJson(method, body), complain);
}

async function onHeadClick({ target }) {
  const { post, resume } = target.closest('button')?.dataset ?? {};
  if (post) await call(post, { method: 'POST' }, say);
  const response = resume && (await call(resume, { method: 'POST' }, say));
  if (response) location.assign(`/agents?run=${(await response.json()).id}`);
}

function say(text) {
  find('run-says').textContent = text;
}

function complain(text) {
  find('run-message-state').textContent = text;
}
