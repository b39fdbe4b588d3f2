// What is said to a run beside its conversation: another mode or model, and a question.
import { call } from './server.js';

const find = (id) => document.getElementById(id);

let runId;

find('run-change').addEventListener('submit', onChange);
find('run-ask').addEventListener('submit', onAsk);

/** From here on this run is meant, or none. */
export function steer(id) {
  runId = id;
  find('run-steering').hidden = id === undefined;
  find('run-change').reset();
  for (const place of ['run-change-state', 'run-asked', 'run-answer']) find(place).textContent = '';
}

async function onChange(event) {
  event.preventDefault();
  const given = [...new FormData(event.target)].map(([name, text]) => [name, text.trim()]);
  const change = Object.fromEntries(given.filter(([, text]) => text !== ''));
  if (Object.keys(change).length === 0) return tellChange('Choose a mode, or name a model.');
  if (await tellRun('PATCH', '', change, tellChange)) tellChange('It holds from the next step.');
}

function tellChange(text) {
  find('run-change-state').textContent = text;
}

async function onAsk(event) {
  event.preventDefault();
  const form = event.target;
  const asked = runId;
  const question = form.elements.question.value;
  const button = form.querySelector('[type=submit]');
  find('run-asked').textContent = question;
  tellAnswer('Asking …');
  button.disabled = true;
  const response = await tellRun('POST', '/ask', { question }, tellAnswer);
  button.disabled = false;
  if (!response) return;
  const { answer } = await response.json();
  if (asked !== runId) return;
  form.reset();
  tellAnswer(answer);
}

function tellAnswer(text) {
  find('run-answer').textContent = text;
}

function tellRun(method, path, body, tell) {
  const headers = { 'content-type': 'application/json' };
  const options = { method, headers, body: JSON.stringify(body) };
  return call(`/api/runs/${runId}${path}`, options, tell);
}
