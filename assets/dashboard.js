// The page works by asking the server for its sections again. The sign-in is a cookie that this script
// cannot see; there is no key here.
import { call as ask } from './server.js';
import { showSnippets, startTrial } from './try-it.js';

const trial = document.querySelector('#trial');
const notice = document.querySelector('#notice');

if (trial) {
  for (const part of document.querySelectorAll('[data-source]')) keepFresh(part);
  document.addEventListener('click', onClick);
  document.addEventListener('toggle', onToggle, { capture: true }); // it does not bubble
  document.querySelector('[role=tablist]').addEventListener('keydown', onTabKey);
  startTrial(trial, debounce(showSnippets, 150));
  document.querySelector('#keys').addEventListener('submit', onKeySubmit);
  localizeTimes(document);
  void showSnippets();
}

function call(path, options, tell = say) {
  return ask(path, options, tell);
}

/** Asks for a section as often as it says, while somebody looks. */
function keepFresh(part) {
  const every = Number(part.dataset.every);
  if (every === 0) return;
  setInterval(() => document.hidden || refresh(part), every);
}

async function refresh(part) {
  if (part.isLoading) return;
  part.isLoading = true;
  try {
    const source = part.dataset.source;
    const response = await call(source, {}, (text) => say(text, 'refresh'));
    // The reader may have chosen something else meanwhile.
    if (response && source === part.dataset.source) replace(part, await response.text());
  } finally {
    part.isLoading = false;
  }
}

/** Puts a section's new text in its place; what was focused, open or written into a form stays so. */
function replace(part, text) {
  if (part.lastText === text) return;
  part.lastText = text;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
  const open = new Map([...part.querySelectorAll('details[id]')].map((one) => [one.id, one.open]));
  const edits = new Map(listForms(part).map((form) => [form.dataset.send, readEdits(form)]));
  part.innerHTML = text; // the server's own page, escaped there
  for (const one of part.querySelectorAll('details[id]')) one.open = open.get(one.id) ?? one.open;
  for (const form of listForms(part))
    for (const edit of edits.get(form.dataset.send) ?? []) edit(form);
  if (focused) document.getElementById(focused)?.focus();
  localizeTimes(part);
}

function listForms(part) {
  return [...part.querySelectorAll('form[data-send]')];
}

/** What somebody changed in a form and did not send, each as a way to change it again. */
function readEdits(form) {
  if (form.isSent) return [];
  return [...form.elements].flatMap((field, index) => {
    const { value, checked, defaultValue, defaultChecked } = field;
    if (value === (defaultValue ?? value) && checked === defaultChecked) return [];
    return (other) => Object.assign(other.elements[index], { value, checked });
  });
}

/** What an action says stays until the next one; what the looking around says, until it goes well again. */
function say(text, by = 'action') {
  if (text === '' && by === 'refresh' && notice.dataset.by !== by) return;
  if (notice.textContent !== text) notice.textContent = text;
  notice.dataset.by = by;
}

async function onClick(event) {
  const button = event.target.closest('button');
  if (!button) return;
  const { delete: path, confirm: question, load, copy, hide } = button.dataset;
  if (button.role === 'tab') selectTab(button);
  if (hide) document.getElementById(hide).hidden = true;
  if (copy) await copyText(button, document.getElementById(copy).textContent);
  const part = button.closest('[data-source]');
  if (load) {
    part.dataset.source = load;
    await refresh(part);
  }
  if (path && (!question || confirm(question))) {
    button.disabled = true;
    await call(path, { method: 'DELETE' });
    await refresh(part);
    if (button.isConnected) button.disabled = false;
    else part.focus();
  }
}

/** What is long is asked for when somebody wants to see it. */
async function onToggle({ target }) {
  const part = target.open && target.querySelector('[data-fill]');
  if (!part) return;
  const response = await call(part.dataset.fill);
  if (response) part.innerHTML = await response.text(); // the server's own page, escaped there
}

async function copyText(button, text) {
  await navigator.clipboard?.writeText(text);
  button.textContent = navigator.clipboard ? 'Copied' : 'Select it yourself';
  setTimeout(() => (button.textContent = 'Copy'), 1500);
}

/** Adds a key, or changes what one may do. */
async function onKeySubmit(event) {
  event.preventDefault();
  const form = event.target;
  const state = form.querySelector('[role=status]');
  const tell = (text) => (document.getElementById(state.id).textContent = text);
  const { method, send: path } = form.dataset;
  const headers = { 'content-type': 'application/json' };
  const response = await call(path, { method, headers, body: toKeyBody(form) }, tell);
  if (!response) return;
  form.isSent = true;
  const { key, name } = await response.json();
  await refresh(document.querySelector('#keys [data-source]'));
  tell(key ? `${name} is added` : 'Saved');
  if (!key) return;
  form.reset();
  const box = document.querySelector('#new-key');
  document.querySelector('#new-key-text').textContent = key;
  box.hidden = false;
  box.focus();
}

/** Fields that are empty are left out: no limit. */
function toKeyBody(form) {
  const data = new FormData(form);
  const fields = [...new Set(data.keys())].map((name) => {
    const { type } = form.elements[name];
    if (type === 'number') return [name, data.get(name) && Number(data.get(name))];
    if (type === 'text') return [name, data.get(name)];
    const lines = data.getAll(name).flatMap((text) => text.split('\n'));
    return [name, lines.map((line) => line.trim()).filter(Boolean)];
  });
  const given = fields.filter(([, value]) => value?.length !== 0);
  return JSON.stringify({ scopes: [], ...Object.fromEntries(given) });
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

function selectTab(chosen) {
  for (const tab of chosen.parentElement.children) {
    const isChosen = tab === chosen;
    tab.ariaSelected = String(isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
    document.getElementById(tab.getAttribute('aria-controls')).hidden = !isChosen;
  }
}

function localizeTimes(part) {
  for (const time of part.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleString();
  }
}

function debounce(task, ms) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => task(), ms);
  };
}
