// The workbench: a form for a request to any API, and what comes of it, of one model or of two.
import { render } from 'preact';
import { useEffect, useReducer, useRef, useState } from 'preact/hooks';

import { CodeTabs } from './code-tabs.js';
import { toSeconds } from './formats.js';
import { html } from './html.js';
import { carryOut, createExchange, describeTrial, toAdvice } from './send-trial.js';
import { Exchange } from './trial-answer.js';
import { Fields } from './trial-fields.js';
import { AGENT, keepForm, readForm, toLink, toTrial } from './trial-form.js';

/** After the last change, in milliseconds. */
const QUIET_MS = 300;

/** Time between two looks at an answer that grows, in milliseconds. */
const DRAW_MS = 60;

function Workbench({ setup }) {
  const [form, setForm] = useState(() => readKnownForm(setup));
  const [exchanges, setExchanges] = useState([]);
  const [described, setDescribed] = useState({ complaints: {} });
  const [, redraw] = useReducer((count) => count + 1, 0);
  const element = useRef();
  const sending = useRef();
  const { takes } = setup.apis.find(({ name }) => name === form.dialect) ?? setup.apis[0];
  const isSending = exchanges.some(({ tookMs }) => tookMs === undefined);

  useEffect(
    () =>
      later(async (isGivenUp) => {
        keepForm(form);
        const next = await describeForm(form, takes);
        if (!isGivenUp()) setDescribed(next);
      }),
    [form],
  );

  /** What is `toPatch` of the form as it then is takes its place in it. */
  const change = (toPatch) => setForm((before) => ({ ...before, ...toPatch(before) }));
  const send = async (sent) => {
    sending.current?.abort();
    const mine = (sending.current = new AbortController());
    const { complaints } = toTrial(sent, takes);
    setDescribed((before) => ({ ...before, complaints }));
    if (Object.keys(complaints).length > 0) return setExchanges([]);
    const models = [sent.model, sent.otherModel.trim()].filter(Boolean);
    const begun = models.map((model) => createExchange(sent, model));
    setExchanges(begun);
    const draw = throttle(redraw);
    const options = { takes, signal: mine.signal, draw };
    await Promise.all(begun.map((exchange) => carryOut(exchange, options)));
  };
  const stop = () => sending.current?.abort();
  const goOn = (messages, isReady) => {
    const next = { ...form, messages };
    setForm(next);
    if (isReady) void send(next);
    else
      requestAnimationFrame(() =>
        element.current.querySelector('ol > li:last-child textarea').focus(),
      );
  };

  useEffect(() => {
    const onKey = (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
        findForm(event.target, element.current)?.requestSubmit();
      if (event.key === 'Escape' && !event.target.closest('dialog')) sending.current?.abort();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);

  const onSubmit = (event) => {
    event.preventDefault();
    void send(form);
  };
  return html`<form id="trial" class="trial" ref=${element} onSubmit=${onSubmit}>
      <${Fields}
        setup=${setup}
        takes=${takes}
        form=${form}
        change=${change}
        complaints=${described.complaints}
      />
      <div class="row">
        <button type="submit" aria-keyshortcuts="Control+Enter">Send</button>
        <button
          type="button"
          id="trial-stop"
          class="danger"
          aria-keyshortcuts="Escape"
          disabled=${!isSending}
          onClick=${stop}
        >
          Stop
        </button>
        <label class="choice">
          <input
            type="checkbox"
            checked=${form.isWhole}
            onChange=${({ target }) => change(() => ({ isWhole: target.checked }))}
          />
          in one piece
        </label>
        <${LinkToForm} form=${form} />
        <span id="trial-state" role="status">${toStateText(exchanges, described.complaints)}</span>
      </div>
      <${Failures} exchanges=${exchanges} />
    </form>
    <div class="answers">
      ${exchanges.map((exchange, index) => html`<${Exchange} key=${toKey(exchange, index)} exchange=${exchange} goOn=${goOn} />`)}
    </div>
    <h3>The same request as code</h3>
    <p class="complaint" role="status">${described.failure}</p>
    <${CodeTabs} titles=${{ json: 'JSON', ...setup.codes }} texts=${toTexts(described)} />`;
}

/** A link may name an API that is not there. */
function readKnownForm({ apis }) {
  const form = readForm();
  const isKnown = apis.some(({ name }) => name === form.dialect);
  return isKnown ? form : { ...form, dialect: apis[0].name };
}

/** The form that a key sends; what an agent waits for is answered with a button. */
function findForm(target, usual) {
  if (target.closest('.input-card')) return;
  return target.closest('form.calls') ?? usual;
}

const numbers = new WeakMap();
let lastNumber = 0;

/** A new exchange has a new place on the page. */
function toKey(exchange) {
  if (!numbers.has(exchange)) numbers.set(exchange, (lastNumber += 1));
  return numbers.get(exchange);
}

/** What the server says of the form, or what is wrong: with a field, by its name, or else as `failure`. */
async function describeForm(form, takes) {
  const { trial, complaints } = toTrial(form, takes);
  if (Object.keys(complaints).length > 0) return { complaints };
  let failed;
  const described = await describeTrial(trial, (failure) => (failed = failure));
  if (!failed) return { ...described, complaints };
  const [first, second] = (failed.param ?? '').split('.');
  const name = AGENT.includes(second) ? second : first;
  if (Object.hasOwn(form, name)) return { complaints: { [name]: failed.reason } };
  return { complaints, failure: failed.reason };
}

function toTexts({ path, body, snippets }) {
  const json = body && `POST ${path}\n\n${JSON.stringify(body, null, 2)}`;
  return { json, ...snippets };
}

function toStateText(exchanges, complaints) {
  if (Object.keys(complaints).length > 0) return 'Something in the form has to be mended first.';
  return exchanges
    .map(({ model, state, tookMs }) => {
      const name = exchanges.length > 1 ? `${model}: ` : '';
      const took = state === 'Done' ? ` in ${toSeconds(tookMs)}` : '';
      return name + state + took;
    })
    .join(' · ');
}

function LinkToForm({ form }) {
  const link = toLink(form);
  if (link === undefined) return html`<span class="hint">This form is too long for a link.</span>`;
  const hasImages = form.messages.some(({ images }) => images?.length > 0);
  return html`<a id="trial-link" href=${link}>
    Link to this form${hasImages ? ', without its pictures' : ''}
  </a>`;
}

/** Why, and what to do, beside the button. */
function Failures({ exchanges }) {
  const failed = exchanges.filter(({ failure }) => failure);
  return html`<div id="trial-failure" role="alert">
    ${failed.map(({ model, failure }) => {
      const title = [failure.status ?? 'In the stream', failure.code].filter(Boolean).join(' ');
      return html`<div class="complaint failure">
        <p>
          <strong>${exchanges.length > 1 ? `${model}: ` : ''}${title}</strong>${' '}
          <span class="reason">${failure.reason}</span>
        </p>
        <p class="advice">${toAdvice(failure)}</p>
        <p class="hint">Request <code>${failure.requestId ?? 'without an id'}</code></p>
      </div>`;
    })}
  </div>`;
}

/** Does it when nothing has changed for a while. What it returns gives it up; `act` is given a way to ask for that. */
function later(act) {
  let isGivenUp = false;
  const timer = setTimeout(() => void act(() => isGivenUp), QUIET_MS);
  return () => {
    isGivenUp = true;
    clearTimeout(timer);
  };
}

/** At most once in a while, and at last. */
function throttle(act) {
  let timer;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      act();
    }, DRAW_MS);
  };
}

const place = document.getElementById('workbench');
place.replaceChildren();
render(html`<${Workbench} setup=${JSON.parse(place.dataset.setup)} />`, place);
