import { type Reason, readReadiness, type Warning } from '../routes/ready.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { html, type Html } from './html.ts';

/** What happened, and what to do. */
type Advice = { what: string; todo: string | Html };

const ADVICE = {
  'cli-silent': {
    what: 'The claude CLI does not tell how it is.',
    todo: html`Soon after a start that passes. If it stays, run
      <code>claude-code-proxy doctor</code> on the server.`,
  },
  'not-logged-in': {
    what: 'The claude CLI is not logged in: every request fails.',
    todo: html`On the server run <code>claude</code> and then <code>/login</code> in it, or set
      ANTHROPIC_API_KEY and restart.`,
  },
  'redis-lost': {
    what: 'Redis does not answer: no request reaches a worker.',
    todo: 'See that Redis runs; the server connects again by itself.',
  },
  'no-worker': {
    what: 'There is no worker: requests wait until one comes.',
    todo: 'Start a worker, or look at the log of the one that there was.',
  },
  draining: {
    what: 'The server stops: it takes nothing new.',
    todo: 'What runs is let finish; start it again behind that.',
  },
  'queue-full': {
    what: 'The queue is full: new requests are refused.',
    todo: 'Wait, stop some of those below, or start the server with more places (WORKER_CONCURRENCY).',
  },
  'limits-in-memory': {
    what: 'The state folder cannot be written: the limits of keys are counted in memory only.',
    todo: 'Most likely its disk is full; make room. A restart before that forgets the counts.',
  },
  'nothing-stored': {
    what: 'The state folder cannot be written: what has to be kept is refused.',
    todo: 'Most likely its disk is full; make room. Requests that keep nothing are answered meanwhile.',
  },
} as const satisfies Record<Reason | Warning, Advice>;

/** What needs a person, by what `/ready` tells. */
export async function alerts({ health, readKnownStatus }: DashboardParts): Promise<Html> {
  const { reasons, warnings } = await readReadiness(health, readKnownStatus);
  return html`${reasons.map((reason) => alert(ADVICE[reason], 'bad'))}
  ${warnings.map((warning) => alert(ADVICE[warning], 'warn'))}`;
}

function alert({ what, todo }: Advice, mood: 'bad' | 'warn') {
  return html`<div class="alert ${mood}" role="alert">
    <strong>${what}</strong>
    <p>${todo}</p>
  </div>`;
}
