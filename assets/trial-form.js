// What the form of a trial holds: how it begins, how it is kept, and what is sent of it.
import { parseJson, readJson } from './read-json.js';

const KEPT = 'try-it';

/** In characters. Servers and mail programs cut longer ones. */
const LONGEST_LINK = 8000;

/** A form as it always begins. Everything is text, as it was typed. */
export const USUAL = {
  dialect: 'openai-chat',
  model: 'sonnet',
  otherModel: '',
  messages: [{ role: 'user', text: 'Say hello in five languages.' }],
  isWhole: false,
  system: '',
  tools: '',
  schema: '',
  temperature: '',
  topP: '',
  maxTokens: '',
  stop: '',
  effort: '',
  thinking: '',
  workingDirectory: '',
  permissionMode: '',
  allowedTools: '',
  disallowedTools: '',
  sessionId: '',
};

const ROLES = new Set(['user', 'assistant', 'tool']);

/** How each field is read. What throws says what is wrong. */
const READS = {
  system: (text) => text,
  tools: (text) => parseJson(text),
  schema: (text) => parseJson(text),
  temperature: Number,
  topP: Number,
  maxTokens: Number,
  stop: toLines,
  effort: (text) => text,
  thinking: (text) => text,
  workingDirectory: (text) => text.trim(),
  permissionMode: (text) => text,
  allowedTools: toLines,
  disallowedTools: toLines,
  sessionId: (text) => text.trim(),
};

/** The fields that only an agent's run has. */
export const AGENT = [
  'workingDirectory',
  'permissionMode',
  'allowedTools',
  'disallowedTools',
  'sessionId',
];

/** From the address, or else from what was kept. */
export function readForm(query = new URLSearchParams(location.search)) {
  const given = query.size > 0 ? fromQuery(query) : readKept();
  return { ...USUAL, ...given };
}

function fromQuery(query) {
  const known = [...query].filter(([name]) => Object.hasOwn(USUAL, name));
  const form = Object.fromEntries(known);
  if (query.has('prompt')) form.messages = [{ role: 'user', text: query.get('prompt') }];
  else if (form.messages) form.messages = readMessages(form.messages);
  return { ...form, isWhole: query.has('isWhole') };
}

/** Anybody may write a link: what cannot be shown stands for none. Pictures are in no link. */
function readMessages(text) {
  const messages = readJson(text);
  const isGood = Array.isArray(messages) && messages.length > 0 && messages.every(isMessage);
  return isGood ? withoutImages({ messages }) : USUAL.messages;
}

function isMessage(given) {
  const { role, text, calls = [] } = given ?? {};
  const areCalls = Array.isArray(calls) && calls.every((call) => typeof call?.name === 'string');
  return ROLES.has(role) && typeof text === 'string' && areCalls;
}

function readKept() {
  return readJson(sessionStorage.getItem(KEPT)) ?? {};
}

/** Keeps the form for a reload of this tab: without its pictures, or not at all, where it is too large. */
export function keepForm(form) {
  const isKept = keep(form) || keep({ ...form, messages: withoutImages(form) });
  if (!isKept) sessionStorage.removeItem(KEPT); // an older one would come back in its place
}

function keep(form) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(form));
    return true;
  } catch {
    return false;
  }
}

/** A link that carries the form without its pictures; `undefined` where it would be too long. */
export function toLink(form) {
  const { messages: _messages, isWhole, ...texts } = form;
  const query = new URLSearchParams({ dialect: form.dialect, model: form.model });
  for (const [name, text] of Object.entries(texts)) if (text !== USUAL[name]) query.set(name, text);
  const [first, ...others] = withoutImages(form);
  if (first?.role === 'user' && others.length === 0) query.set('prompt', first.text);
  else query.set('messages', JSON.stringify(withoutImages(form)));
  if (isWhole) query.set('isWhole', 'on');
  const link = `/try?${query}`;
  return link.length > LONGEST_LINK ? undefined : link;
}

function withoutImages({ messages }) {
  return messages.map(({ images: _images, ...message }) => message);
}

/** What is sent of the form to an API that takes these fields, and what is wrong, by field. */
export function toTrial(form, takes, model = form.model) {
  const complaints = {};
  const read = (names) => {
    const given = names.filter((name) => form[name].trim() !== '');
    return Object.fromEntries(given.map((name) => [name, readField(form, name, complaints)]));
  };
  const names = Object.keys(READS).filter((name) => takes.includes(name));
  const agent = takes.includes('agent') ? read(AGENT) : {};
  const trial = {
    dialect: form.dialect,
    model,
    isWhole: form.isWhole,
    messages: toMessages(form, takes),
    ...read(names),
    ...(Object.keys(agent).length > 0 && { agent }),
  };
  return { trial, complaints };
}

function readField(form, name, complaints) {
  try {
    return READS[name](form[name]);
  } catch (error) {
    complaints[name] = error.message;
  }
}

/** Pictures stand in it by name: the server need not see them to say what a request looks like. */
function toMessages({ messages }, takes) {
  return messages.map(({ images, ...message }) => {
    if (!images?.length || !takes.includes('images')) return message;
    return {
      ...message,
      images: images.map(({ mediaType, token }) => ({ mediaType, data: token })),
    };
  });
}

/** Puts the pictures into a body in which their names stand. */
export function fillImages(body, { messages }) {
  const images = messages.flatMap(({ images: all }) => all ?? []);
  return JSON.parse(JSON.stringify(body), (_, value) => {
    const image = images.find(
      ({ token }) => typeof value === 'string' && (value === token || value.endsWith(`,${token}`)),
    );
    return image ? value.replace(image.token, image.data) : value;
  });
}

/** A picture of a file, with a name that stands for it. */
export async function readImage(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(reader.result));
    reader.addEventListener('error', () => reject(reader.error));
    reader.readAsDataURL(file);
  });
  const name = file.name || 'picture';
  const token = `BASE64-OF-${name}-${Math.random().toString(36).slice(2, 8)}`;
  return { name, mediaType: file.type, data: url.slice(url.indexOf(',') + 1), token };
}

function toLines(text) {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}
