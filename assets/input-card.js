// A card for each thing that a run waits for: leave for a tool, a question, a plan, the result of a tool.
import { copyTemplate, make } from './elements.js';
import { parseJson } from './read-json.js';
import { call, toJson } from './server.js';

/** What fills each card; returns how its answer is read. Throws a sentence for what cannot be sent. */
const FILLS = {
  'approval-request'(card, { toolName, input, description, reason, path, suggestions }) {
    slot(card, 'tool').textContent = toolName;
    slot(card, 'reason').textContent = [description, reason, path].filter(Boolean).join(' · ');
    slot(card, 'remember').hidden = suggestions.length === 0;
    slot(card, 'suggestions').textContent = suggestions.join(', ');
    const fields = Object.entries(input).map(([name, value]) => makeField(name, value));
    slot(card, 'input').append(...fields.map(({ label }) => label));
    return () => {
      const changes = fields.filter(({ isChanged }) => isChanged());
      const changed = Object.fromEntries(changes.map(({ name, read }) => [name, read()]));
      const remember = card.elements.remember.checked;
      return {
        ...(changes.length > 0 && { input: { ...input, ...changed } }),
        ...(remember && { remember }),
      };
    };
  },
  question(card, { id, questions }) {
    const asked = questions.map((one, index) => makeQuestion(one, `${id}-${index}`));
    slot(card, 'questions').append(...asked.map(({ fields }) => fields));
    return () => ({
      answers: Object.fromEntries(asked.map(({ question, read }) => [question, read()])),
    });
  },
  'plan-review'(card, { plan }) {
    slot(card, 'plan').textContent = plan;
    return () => ({});
  },
  'tool-request'(card, { toolName, input }) {
    slot(card, 'tool').textContent = toolName;
    slot(card, 'input').textContent = JSON.stringify(input, null, 2);
    return () => ({ content: card.elements.content.value, isError: card.elements.isError.checked });
  },
};

/** Whether an event is something that a run waits for. */
export function isInput({ type }) {
  return Object.hasOwn(FILLS, type);
}

/**
 * Keeps the cards of a run in `place`, from its events. Who was in one that is settled is led to the next,
 * or to the list `log`.
 */
export function createInputCards(place, { runId, log }) {
  const cards = new Map();
  place.replaceChildren();

  const settle = (id) => {
    const card = cards.get(id);
    const wasInside = card?.contains(document.activeElement);
    card?.remove();
    cards.delete(id);
    const [next] = cards.values();
    if (wasInside) (next?.querySelector('textarea, input, button') ?? log).focus();
  };

  return {
    show(event) {
      if (event.type === 'input-settled') settle(event.id);
      if (!isInput(event)) return;
      const card = makeInputCard(runId, event);
      cards.set(event.id, card);
      place.append(card);
    },
    /** Nothing is waited for any more. */
    end: () => place.replaceChildren(),
  };
}

/** A card that asks, and sends the answer. */
function makeInputCard(runId, input) {
  const card = copyTemplate(`card-${input.type}`);
  const readAnswer = FILLS[input.type](card, input);
  const tell = (text) => (slot(card, 'complaint').textContent = text);
  let isSent = false;
  card.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (isSent) return; // a disabled button would lose the focus
    const decision = event.submitter?.value ?? 'allow';
    try {
      const answer = decision === 'allow' ? readAnswer() : toDenial(card);
      isSent = true;
      isSent = await sendAnswer(runId, input, { decision, ...answer }, tell);
    } catch (error) {
      tell(error.message);
    }
  });
  return card;
}

/** Whether it was taken. */
async function sendAnswer(runId, { id, type }, { decision, ...answer }, tell) {
  const isResult = type === 'tool-request' && decision === 'allow';
  const path = isResult ? 'tool-results' : `approvals/${id}`;
  const body = isResult ? { id, ...answer } : { decision, ...answer };
  return Boolean(await call(`/api/runs/${runId}/${path}`, toJson('POST', body), tell));
}

function toDenial(card) {
  const message = card.elements.message.value.trim();
  return message ? { message } : {};
}

function slot(card, name) {
  return card.querySelector(`[data-slot=${name}]`);
}

/** Texts stand in their field as they are, everything else as JSON. */
function makeField(name, value) {
  const isText = typeof value === 'string';
  const area = make('textarea', { spellcheck: false });
  area.value = isText ? value : JSON.stringify(value, null, 2);
  const shown = area.value; // with the line breaks that a field has
  area.rows = Math.min(12, Math.max(1, shown.split('\n').length));
  const label = make('label', {}, name, area);
  const read = () => (isText ? area.value : parseJson(area.value, name));
  return { name, label, read, isChanged: () => area.value !== shown };
}

function makeQuestion({ question, header, isMultiple, options }, name) {
  const type = isMultiple ? 'checkbox' : 'radio';
  const choices = options.map(({ label, description }) => {
    const choice = make('input', { type, name, value: label });
    const words = make('span', {}, make('b', { textContent: label }));
    if (description) words.append(` ${description}`);
    return { choice, label: make('label', { className: 'choice' }, choice, words) };
  });
  const own = make('input', { autocomplete: 'off' });
  const title = header ? `${header}: ${question}` : question;
  const fields = make(
    'fieldset',
    {},
    make('legend', { textContent: title }),
    ...choices.map(({ label }) => label),
    make('label', {}, 'In your own words', own),
  );
  return { question, fields, read: () => readChosen() };

  function readChosen() {
    const chosen = choices.filter(({ choice }) => choice.checked).map(({ choice }) => choice.value);
    const words = own.value.trim();
    if (isMultiple && chosen.length + words.length > 0) return words ? [...chosen, words] : chosen;
    const answer = words || chosen[0];
    if (answer) return answer;
    throw new Error(`Choose an answer to “${question}”.`);
  }
}
