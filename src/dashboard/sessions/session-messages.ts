import type { TranscriptMessage } from '../../sessions/session-transcript.ts';
import type { AgentPart } from '../../run.ts';
import type { DashboardParts } from '../dashboard-parts.ts';
import { html, type Html } from '../html.ts';
import { saidList } from './said-list.ts';
import type { Said } from './to-said.ts';

/** So many are shown, the last ones. */
const MOST = 200;

/** What was said in a session; asked for when somebody opens it. */
export async function sessionMessages(
  { sessions }: DashboardParts,
  id: string,
  keyId: string,
): Promise<Html> {
  const { messages, hasMore } = await sessions.read(id, keyId, MOST);
  if (messages.length === 0) return html`<p class="empty">Its transcript is gone.</p>`;
  return html`${hasMore ? html`<p class="empty">The last ${MOST} messages:</p>` : ''}
  ${saidList(messages.flatMap(toSaid))}`;
}

function toSaid({ role, parts }: TranscriptMessage): Said[] {
  return parts.map((part) => toOne(role, part));
}

function toOne(role: string, part: AgentPart): Said {
  switch (part.type) {
    case 'text':
      return { who: role, text: part.text };
    case 'reasoning':
      return { who: 'thinking', text: part.text };
    case 'tool-call':
      return { who: 'tool call', text: `${part.name}(${JSON.stringify(part.input)})` };
    case 'tool-result':
      return { who: part.isError ? 'tool error' : 'tool result', text: part.text };
    case 'other':
      return { who: role, text: `[${part.kind}]` };
  }
}
