// What happens in a run, as a list that grows.
import { make } from './elements.js';
import { readJson } from './read-json.js';

/** Of an input, what says most in one line. The first that is there. */
const GISTS = ['command', 'file_path', 'pattern', 'url', 'query', 'description', 'prompt'];

const DECISIONS = { allow: 'Allowed', deny: 'Denied', withdrawn: 'Not needed any more' };

/**
 * Puts events into the list `place`. A message that was not read yet has a button for which `takeBack` is called
 * with its id; without `takeBack` there is none.
 */
export function createRunLog(place, { takeBack } = {}) {
  const parts = new Map();
  const calls = new Map();
  const messages = new Map();
  const inputs = new Map();
  const scroll = keepAtEnd(place);

  const add = (item, parentCallId) => {
    toList(calls.get(parentCallId), place).append(item);
    return item;
  };
  const addCall = ({ id, name }, parentCallId) => {
    const call = makeCall(name);
    add(call.item, parentCallId);
    calls.set(id, call);
    return call;
  };

  /** What starts a part returns what its text goes to. */
  const STARTS = {
    text: () => toWriter(add(make('li', { className: 'words' }))),
    reasoning: () => toWriter(addFolded(add, 'Thinking')),
    'redacted-reasoning': () => toWriter(addFolded(add, 'Thinking that only the API can read')),
    'tool-call': (part) => toInputWriter(addCall(part)),
    'tool-result': ({ callId, isError }) => toResultWriter(calls.get(callId), isError),
  };

  const SHOWS = {
    'part-start': ({ index, part }) => parts.set(index, STARTS[part.type]?.(part) ?? NO_WRITER),
    'part-delta': ({ index, delta }) => parts.get(index)?.write(delta),
    'part-end': ({ index }) => parts.get(index)?.end(),
    'subagent-part': ({ parentCallId, part }) => {
      const inside = (item) => add(item, parentCallId);
      if (part.type === 'text') inside(make('li', { className: 'words', textContent: part.text }));
      if (part.type === 'reasoning') addFolded(inside, 'Thinking').append(part.text);
      if (part.type === 'tool-call') setInput(addCall(part, parentCallId), part.input);
      if (part.type === 'tool-result') setResult(calls.get(part.callId), part);
      if (part.type === 'other') inside(makeNote(`[${part.kind}]`));
    },
    denial({ callId, toolName, reason }) {
      const call = calls.get(callId);
      if (call) setState(call, 'denied', true);
      if (call) call.result.textContent ||= reason;
      else add(makeNote(`${toolName} was denied: ${reason}`));
    },
    task: ({ task, status }) =>
      add(makeNote(`In the background, ${status}: ${task.description || task.kind}`)),
    'user-message': (message) => {
      messages.get(message.id)?.remove();
      if (message.state !== 'taken-back')
        messages.set(message.id, add(makeMessage(message, takeBack)));
    },
    'approval-request': (input) => inputs.set(input.id, input.toolName),
    question: (input) => inputs.set(input.id, 'the question'),
    'plan-review': (input) => inputs.set(input.id, 'the plan'),
    'tool-request': (input) => {
      inputs.set(input.id, input.toolName);
      add(makeNote(`Its program is to carry out ${input.toolName}.`));
    },
    'input-settled': ({ id, decision, message }) =>
      add(makeNote(`${DECISIONS[decision]}: ${inputs.get(id)}${message ? ` (“${message}”)` : ''}`)),
    error: ({ error }) => add(make('li', { className: 'complaint', textContent: error?.message })),
  };

  return {
    show(event) {
      SHOWS[event.type]?.(event);
      scroll();
    },
    /** Nothing of it can be acted on any more. */
    end() {
      for (const button of place.querySelectorAll('button')) button.remove();
    },
  };
}

const NO_WRITER = { write() {}, end() {} };

/** Where something goes that belongs to a call, or to none. */
function toList(call, place) {
  if (!call) return place;
  call.nested ??= call.item.appendChild(make('ol', { className: 'nested' }));
  return call.nested;
}

function toWriter(element) {
  return { write: (delta) => element.append(delta), end: () => element.normalize() };
}

/** The input comes in pieces of JSON. */
function toInputWriter(call) {
  let text = '';
  return {
    write: (delta) => (text += delta),
    end: () => setInput(call, readJson(text || '{}', text)),
  };
}

function toResultWriter(call, isError) {
  if (!call) return NO_WRITER;
  let text = '';
  return {
    write: (delta) => (text += delta),
    end: () => setResult(call, { text, isError }),
  };
}

function addFolded(add, title) {
  const text = make('div', { className: 'words' });
  const fold = make('details', {}, make('summary', { textContent: title }), text);
  add(make('li', { className: 'thinking' }, fold));
  return text;
}

/** A call, folded: its name, a line of its input, how it went; then input and result. */
function makeCall(name) {
  const [gist, state] = [make('code', { className: 'gist' }), make('span', { className: 'badge' })];
  const [input, result] = [makeText(), makeText()];
  const summary = make('summary', {}, make('b', { textContent: name }), ' ', gist, ' ', state);
  const fold = make('details', {}, summary, 'Input', input, 'Result', result);
  state.textContent = 'running';
  return { item: make('li', { className: 'call' }, fold), gist, state, input, result };
}

function makeText() {
  return make('pre', { className: 'words', tabIndex: 0 });
}

function setInput(call, input) {
  const key = GISTS.find((name) => typeof input?.[name] === 'string');
  call.gist.textContent = key ? input[key] : '';
  call.input.textContent = typeof input === 'string' ? input : JSON.stringify(input, null, 2);
}

function setResult(call, { text, isError }) {
  if (!call) return;
  call.result.textContent = text;
  if (call.state.textContent === 'running') setState(call, isError ? 'failed' : 'done', isError);
}

function setState({ state }, text, isBad) {
  state.textContent = text;
  state.classList.toggle('bad', isBad);
}

function makeNote(text) {
  return make('li', { className: 'hint', textContent: text });
}

function makeMessage({ id, text, state }, takeBack) {
  const item = make('li', { className: 'own words' }, text);
  if (state !== 'queued') return item;
  item.append(' ', make('span', { className: 'badge', textContent: 'not read yet' }));
  if (!takeBack) return item;
  const button = make('button', { type: 'button', textContent: 'Take it back' });
  button.addEventListener('click', () => takeBack(id));
  item.append(' ', button);
  return item;
}

/** Follows the end of a list while the reader is there. */
function keepAtEnd(place) {
  let isAtEnd = true;
  let isAsked = false;
  place.addEventListener('scroll', () => {
    isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
  });
  return () => {
    if (!isAtEnd || isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      place.scrollTop = place.scrollHeight;
    });
  };
}
