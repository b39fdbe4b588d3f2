// What is said to a run beside its conversation: another mode or model, and a question.
import { call, toJson } from './server.js';

const find = (id) => document.getElementById(id);

const forms = [find('run-change'), find('run-ask')];

let runId;

find('run-change').addEventListener('submit', onChange);
find('run-ask').addEventListener('submit', onAsk);

/** From here on this run is meant. */
export function steer(id) {
  runId = id;
  for (const part of [find('run-steering'), ...forms]) part.hidden = false;
  for (const form of forms) form.reset();
  for (const place of ['run-change-state', 'run-asked', 'run-answer']) find(place).textContent = '';
}

/** It takes nothing more; what it answered stays to be read. */
export function endSteering() {
  for (const form of forms) form.hidden = true;
  find('run-steering').hidden = find('run-answer').textContent === '';
}

async function onChange(event) {
  event.preventDefault();
  const given = [...new FormData(event.target)].map(([name, text]) => [name, text.trim()]);
  const change = Object.fromEntries(given.filter(([, text]) => text !== ''));
  if (Object.keys(change).length === 0) return tellChange('Choose a mode, or name a model.');
  const tell = whileShown(tellChange);
  if (await tellRun('PATCH', '', change, tell)) tell('It holds from the next step.');
}

function tellChange(text) {
  find('run-change-state').textContent = text;
}

async function onAsk(event) {
  event.preventDefault();
  const form = event.target;
  const question = form.elements.question.value;
  const button = form.querySelector('[type=submit]');
  find('run-asked').textContent = question;
  const tell = whileShown(tellAnswer);
  tell('Asking …');
  button.disabled = true;
  const response = await tellRun('POST', '/ask', { question }, (text) => text && tell(text));
  button.disabled = false;
  if (!response) return;
  const { answer } = await response.json();
  if (form.elements.question.value === question) form.reset();
  tell(answer);
}

function tellAnswer(text) {
  find('run-answer').textContent = text;
}

/** What comes late says nothing of another run. */
function whileShown(tell) {
  const id = runId;
  return (text) => id === runId && tell(text);
}

function tellRun(method, path, body, tell) {
  return call(`/api/runs/${runId}${path}`, toJson(method, body), tell);
}
