// What every page does: it asks the server for its sections again, and acts on buttons. The sign-in is a
// cookie that scripts cannot see; there is no key here.
import { copyText } from './copy-text.js';
import { call as ask, toJson } from './server.js';

/** How each style of a time is told in the reader's own zone. */
const TIMES = {
  minute: { dateStyle: 'short', timeStyle: 'short' },
  second: { dateStyle: 'short', timeStyle: 'medium' },
  clock: { timeStyle: 'short' },
  day: { month: 'short', day: 'numeric' },
};

const notice = document.querySelector('#notice');

for (const part of document.querySelectorAll('[data-source]')) keepFresh(part);
document.addEventListener('click', onClick);
document.addEventListener('toggle', onToggle, { capture: true }); // it does not bubble
localizeTimes(document);
document.querySelector('[action="/sign-out"]').addEventListener('submit', forgetTyped);

/** What was typed is nobody else's. At last, so that nothing keeps it once more. */
function forgetTyped() {
  addEventListener('pagehide', () => sessionStorage.clear());
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

/** Asks for a section now. */
export async function refresh(part) {
  if (part.isLoading) return;
  part.isLoading = true;
  try {
    const source = part.dataset.source;
    const tell = (text) => say(text, 'refresh');
    const response = await call(source, {}, tell);
    const text = await response
      ?.text()
      .catch(() => tell('The connection to the server broke off.'));
    // The reader may have chosen something else meanwhile.
    if (text !== undefined && source === part.dataset.source) replace(part, text);
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
  const { delete: unwanted, patch, body, confirm: question, load, copy, hide } = button.dataset;
  if (hide) document.getElementById(hide).hidden = true;
  if (copy)
    void copyText(
      document.getElementById(copy).textContent,
      (label) => (button.textContent = label),
    );
  const part = button.closest('[data-source]');
  if (load) {
    part.dataset.source = load;
    await refresh(part);
  }
  const path = unwanted ?? patch;
  if (path && (!question || confirm(question))) {
    button.disabled = true;
    await call(path, patch ? toJson('PATCH', JSON.parse(body)) : { method: 'DELETE' });
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

function localizeTimes(part) {
  for (const time of part.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleString([], TIMES[time.dataset.style]);
  }
}
