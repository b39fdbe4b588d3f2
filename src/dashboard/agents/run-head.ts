import { z } from 'zod';

import { isEnded, type StoredRun } from '../../agent-runs/run-store.ts';
import { toCostUsd } from '../../agent-runs/to-cost.ts';
import { toCount, toDollars, toDuration } from '../formats.ts';
import { html, type Html } from '../html.ts';
import { withQuery } from '../requests/requests-href.ts';
import { exactTime } from '../time.ts';
import { stateBadge } from './state-badge.ts';

/** What of a request is shown; it was checked when the run began. */
const Asked = z.looseObject({
  prompt: z.string(),
  workingDirectory: z.string().optional(),
  permissionMode: z.string().optional(),
});

const Tokens = z.looseObject({
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
});

const Answer = z.looseObject({ stopReason: z.string(), usage: Tokens });

const Failure = z.looseObject({ error: z.looseObject({ message: z.string() }) });

/** What a run was asked, how it stands, and what can be done with it. */
export function runHead(run: StoredRun): Html {
  const { id, state, model, createdAt, sessionId, resumedFrom } = run;
  const { prompt, workingDirectory, permissionMode } = Asked.parse(run.body);
  return html`<div data-ended="${String(isEnded(run))}" data-state="${state}">
    <p class="prompt">${prompt}</p>
    <div class="row">${stateBadge(state)} ${actions(run, workingDirectory)}</div>
    ${failure(run)}
    <details id="run-facts">
      <summary>Details</summary>
      <dl class="facts">
        ${fact('Run', html`<code>${id}</code>`)} ${fact('Model', model)}
        ${fact('Permission mode', permissionMode)}
        ${fact('Folder', workingDirectory && html`<code>${workingDirectory}</code>`)}
        ${fact('Session', sessionId && html`<code>${sessionId}</code>`)}
        ${fact('Goes on with', resumedFrom && html`<a href="/agents?run=${resumedFrom}">${resumedFrom}</a>`)}
        ${fact('Began', exactTime(createdAt))} ${results(run)}
      </dl>
    </details>
  </div>`;
}

function actions(run: StoredRun, folder: string = '') {
  const { id, state, sessionId: session = '' } = run;
  if (!isEnded(run)) {
    return html`${
        state === 'queued'
          ? ''
          : html`<button type="button" id="run-interrupt" data-post="/api/runs/${id}/interrupt">
              Interrupt
            </button>`
      }
      <button type="button" id="run-stop" class="danger" data-delete="/api/runs/${id}">
        Stop
      </button>`;
  }
  const more = withQuery('/agents', { session, folder });
  return html`${
    state === 'interrupted'
      ? html`<button type="button" data-resume="/api/runs/${id}/resume">Go on with it</button>`
      : ''
  }
  ${session === '' ? '' : html`<a href="${more}">New run in its session</a>`}`;
}

function results(run: StoredRun) {
  const { createdAt, endedAt, answer } = run;
  if (endedAt === undefined) return '';
  const { data } = Answer.safeParse(answer);
  const costUsd = toCostUsd(run);
  return html`${fact('Took', toDuration(endedAt - createdAt))} ${data ? spent(data) : ''}
  ${costUsd === null ? '' : fact('Cost', toDollars(costUsd))}`;
}

function spent({ stopReason, usage }: z.infer<typeof Answer>) {
  const { input, output, cacheRead, cacheWrite } = usage;
  return html`${fact('Ended by', stopReason)}
  ${fact(
    'Tokens',
    `${toCount(input)} in · ${toCount(cacheRead)} from the cache · ${toCount(cacheWrite)} to the cache · ${toCount(output)} out`,
  )}`;
}

function failure({ failure: told }: StoredRun) {
  const { data } = Failure.safeParse(told);
  return data ? html`<p class="complaint">${data.error.message}</p>` : '';
}

function fact(name: string, value: Html | string | undefined) {
  if (value === undefined || value === '') return '';
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`;
}
