// What came of one request: the answer, and beside it what was sent and what came, to the letter.
import { useEffect, useRef, useState } from 'preact/hooks';

import { copyText } from './copy-text.js';
import { toCount, toDollars, toSeconds } from './formats.js';
import { html } from './html.js';
import { createInputCards } from './input-card.js';
import { listCalls } from './read-answer.js';
import { createRunLog } from './run-log.js';

/** `goOn` is given the messages with which the conversation goes on, and whether to send them now. */
export function Exchange({ exchange, goOn }) {
  const { model, answer, state } = exchange;
  const isOver = exchange.tookMs !== undefined;
  const title = `Answer of ${answer.model || model}`;
  return html`<article class="exchange" aria-label=${title}>
    <div class="sides">
      <div>
        <h3>${title}</h3>
        ${answer.thinking && html`<${Thinking} text=${answer.thinking} />`}
        <${Said} exchange=${exchange} isOver=${isOver} />
        ${isOver && state === 'Done' && html`<${Replies} exchange=${exchange} goOn=${goOn} />`}
        <${Facts} exchange=${exchange} />
      </div>
      <div class="raw">
        <${Raw} title="What was sent" text=${toRequestText(exchange)} />
        <${Raw} title="What came, to the letter" text=${exchange.raw} />
      </div>
    </div>
  </article>`;
}

function Thinking({ text }) {
  return html`<details class="thinking">
    <summary>Thinking</summary>
    <div class="words">${text}</div>
  </details>`;
}

/** The text, unless there are calls alone, or a failure; of an agent all that happens. */
function Said({ exchange, isOver }) {
  const { dialect, isWhole, answer, state } = exchange;
  if (dialect === 'direct' && !isWhole)
    return html`<${AgentLog} exchange=${exchange} isOver=${isOver} />`;
  if (answer.text === '' && (answer.calls.size > 0 || state === 'Failed')) return;
  return html`<div class="answer words" tabindex="0" role="region" aria-label="Text of the answer">
    ${answer.text}
  </div>`;
}

/** An agent's run, and what it waits for. */
function AgentLog({ exchange, isOver }) {
  const [list, cards] = [useRef(), useRef()];
  const shown = useRef({ count: 0 });
  useEffect(() => {
    const now = shown.current;
    now.log ??= createRunLog(list.current);
    const options = { runId: exchange.requestId, log: list.current };
    now.cards ??= createInputCards(cards.current, options);
    for (; now.count < exchange.events.length; now.count += 1) {
      const event = exchange.events[now.count];
      now.log.show(event);
      now.cards.show(event);
    }
    if (isOver) now.cards.end();
  });
  return html`<ol ref=${list} class="log" tabindex="0" aria-label="What happened"></ol>
    <div ref=${cards}></div>`;
}

/** How the conversation goes on: with the results of calls, or with a further message. */
function Replies({ exchange, goOn }) {
  const calls = listCalls(exchange.answer);
  const [results, setResults] = useState({});
  if (exchange.dialect === 'direct') return;
  const { text } = exchange.answer;
  const before = exchange.form.messages;
  if (calls.length === 0) {
    const messages = [...before, { role: 'assistant', text }, { role: 'user', text: '' }];
    return html`<p>
      <button type="button" class="quiet" onClick=${() => goOn(messages, false)}>
        Go on from this answer
      </button>
    </p>`;
  }
  const send = (event) => {
    event.preventDefault();
    const told = calls.map(({ id, name }) => ({
      role: 'tool',
      callId: id,
      name,
      text: results[id] ?? '',
    }));
    goOn([...before, { role: 'assistant', text, calls }, ...told], true);
  };
  return html`<form class="calls" onSubmit=${send}>
    ${calls.map(
      ({ id, name, input }) =>
        html`<div class="field" key=${id}>
          <p>Calls <b>${name}</b></p>
          <pre tabindex="0" class="words">${JSON.stringify(input, null, 2)}</pre>
          <label>
            Result of ${name}
            <textarea
              rows="2"
              value=${results[id] ?? ''}
              onInput=${(event) => setResults({ ...results, [id]: event.target.value })}
            ></textarea>
          </label>
        </div>`,
    )}
    <button type="submit">
      Go on with ${calls.length === 1 ? 'this result' : 'these results'}
    </button>
  </form>`;
}

function Facts({ exchange }) {
  const { tookMs, state, requestId, ignored, costUsd, answer } = exchange;
  const cost = answer.costUsd ?? costUsd;
  const facts = [
    tookMs === undefined ? state : `${state} in ${toSeconds(tookMs)}`,
    answer.usage && toUsageText(answer.usage),
    cost !== undefined && toDollars(cost),
    answer.finish && `ended with ${answer.finish}`,
  ];
  return html`${ignored && html`<p class="ignored"><b>Not honoured:</b> ${ignored}</p>`}
    <p class="hint facts-line">
      ${facts.filter(Boolean).join(' · ')}
      ${requestId && html`${' · '}<a href="/requests?text=${requestId}">${requestId}</a>`}
    </p>`;
}

function toUsageText({ input, output, cached, thinking }) {
  const read = cached ? ` (${toCount(cached)} from the cache)` : '';
  const thought = thinking ? ` (${toCount(thinking)} of thinking)` : '';
  return `${toCount(input)} tokens in${read}, ${toCount(output)} out${thought}`;
}

function toRequestText({ path, body }) {
  return body ? `POST ${path}\n\n${JSON.stringify(body, null, 2)}` : '';
}

/** A text to look at and to copy. */
export function Raw({ title, text }) {
  return html`<section class="code" aria-label=${title}>
    <h4>${title}</h4>
    <${CopyButton} text=${text} />
    <pre tabindex="0">${text}</pre>
  </section>`;
}

/** Copies a text, and says so. */
export function CopyButton({ text }) {
  const [label, setLabel] = useState('Copy');
  return html`<button type="button" class="quiet" onClick=${() => copyText(text, setLabel)}>
    ${label}
  </button>`;
}
