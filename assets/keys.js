// The forms for keys: what they hold is sent as one JSON body.
import { refresh } from './dashboard.js';
import { call, toJson } from './server.js';

document.querySelector('#keys').addEventListener('submit', onKeySubmit);

/** Adds a key, changes what one may do, or gives one a new text. */
async function onKeySubmit(event) {
  event.preventDefault();
  const form = event.target;
  const state = form.querySelector('[role=status]');
  const tell = (text) => (document.getElementById(state.id).textContent = text);
  const { method, send: path } = form.dataset;
  const response = await call(path, toJson(method, toKeyBody(form)), tell);
  if (!response) return;
  form.isSent = true;
  const { key, name, previousUntil } = await response.json();
  await refresh(document.querySelector('#keys [data-source]'));
  tell(toSentence(form, name, previousUntil));
  if (!key) return;
  form.reset();
  const box = document.querySelector('#new-key');
  document.querySelector('#new-key-text').textContent = key;
  box.hidden = false;
  box.focus();
}

function toSentence({ dataset: { method, send } }, name, previousUntil) {
  if (method === 'PUT') return 'Saved';
  if (!send.endsWith('/rotate')) return `${name} is added`;
  const until = previousUntil && new Date(previousUntil).toLocaleString();
  return `${name} has a new one; the old one ${until ? `holds until ${until}` : 'is no use any more'}`;
}

/** Fields that are empty are left out: no limit. */
function toKeyBody(form) {
  const data = new FormData(form);
  const fields = [...new Set(data.keys())].map((name) => {
    const { type } = form.elements[name];
    if (type === 'number' || type === 'select-one')
      return [name, data.get(name) && Number(data.get(name))];
    if (type === 'text') return [name, data.get(name)];
    const lines = data.getAll(name).flatMap((text) => text.split('\n'));
    return [name, lines.map((line) => line.trim()).filter(Boolean)];
  });
  const given = fields.filter(([, value]) => value?.length !== 0);
  const scopes = form.elements.scopes ? { scopes: [] } : {}; // none chosen is told, too
  return { ...scopes, ...Object.fromEntries(given) };
}
