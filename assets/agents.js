// The page of agents: starts runs, lists them with a count of those that wait, and shows one.
import { refresh } from './dashboard.js';
import { showRun } from './run-view.js';
import { call, toJson } from './server.js';

/** How often the list is asked for, in milliseconds; the browser makes it rarer where nobody looks. */
const LIST_MS = 2000;

const find = (id) => document.getElementById(id);
const list = document.querySelector('#runs [data-source]');
const title = document.title;

document.querySelector('#start form').addEventListener('submit', onStart);
// Sent before this script was there, the form would only be a longer address.
document.querySelector('#start [type=submit]').disabled = false;
let shown = location.search;
// A link within the page, like the one to its content, is told as well.
window.addEventListener('popstate', () => location.search === shown || location.reload());
setInterval(freshen, LIST_MS);
showCount();
const { run: chosen } = find('run-view').dataset;
if (chosen) void showRun(chosen, { onChange: freshen });

/** Also where nobody looks: the count is for those who look elsewhere. */
async function freshen() {
  await refresh(list);
  showCount();
}

function showCount() {
  const { count } = find('waiting').dataset;
  document.title = count === '0' ? title : `(${count}) ${title}`;
}

async function onStart(event) {
  event.preventDefault();
  const form = event.target;
  const tell = (text) => (find('start-state').textContent = text);
  const button = form.querySelector('[type=submit]');
  button.disabled = true;
  tell('Starting …');
  const body = toRunBody(form);
  const response = await call('/api/run', toJson('POST', body), tell);
  button.disabled = false;
  if (!response) return;
  form.elements.prompt.value = '';
  find('start').querySelector('details').open = false;
  const id = response.headers.get('x-request-id');
  history.pushState(null, '', `/agents?run=${id}`);
  shown = location.search;
  find('run-view').scrollIntoView();
  void showRun(id, { body: body.stream ? response.body : undefined, onChange: freshen });
}

/** What is empty is left out. A run in the foreground ends with its connection, so that is read. */
function toRunBody(form) {
  const data = new FormData(form);
  const background = data.has('background');
  const toLines = (name) =>
    data
      .get(name)
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  const texts = ['prompt', 'workingDirectory', 'permissionMode', 'model', 'sessionId']
    .map((name) => [name, data.get(name).trim()])
    .filter(([, text]) => text !== '');
  return {
    ...Object.fromEntries(texts),
    allowedTools: toLines('allowedTools'),
    disallowedTools: toLines('disallowedTools'),
    background,
    stream: !background,
  };
}
