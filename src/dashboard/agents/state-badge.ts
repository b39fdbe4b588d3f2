import type { RunState } from '../../agent-runs/run-store.ts';
import { html, type Html } from '../html.ts';

const MOODS = {
  queued: '',
  running: 'busy',
  waiting: 'wanted',
  done: '',
  failed: 'bad',
  cancelled: '',
  interrupted: 'bad',
} as const satisfies Record<RunState, string>;

/** The state of a run, in a colour that says whether somebody has to look. */
export function stateBadge(state: RunState): Html {
  return html`<span class="badge ${MOODS[state]}">${state}</span>`;
}
