import { toBlocks, type Block, type MessagesBody } from '../messages-body.ts';
import { firstComplaint, type Rule } from './rule.ts';

/** Messages of one role in a row count as one turn, as the API reads them. */
type Turn = { role: 'user' | 'assistant'; index: number; blocks: Block[] };

const ID = /^[a-zA-Z0-9_-]+$/;

/** Rules about tool calls and their results. */
export const PAIRING_RULES = {
  toolUseId: {
    source: 'Message in Roo-Code pull 10649, forgecode issue 1142',
    complaint: ({ messages }) =>
      firstComplaint(messages, ({ content }, index) =>
        firstComplaint(toBlocks(content), ({ type, id, tool_use_id: callId }, position) => {
          const place = `messages.${index}.content.${position}.${type}`;
          if (type === 'tool_use' && !ID.test(id ?? ''))
            return `${place}.id: String should match pattern '${ID.source}'`;
          return type === 'tool_result' && !ID.test(callId ?? '')
            ? `${place}.tool_use_id: String should match pattern '${ID.source}'`
            : undefined;
        }),
      ),
  },
  toolUseUnanswered: {
    source: 'Message in claude-code issues 8210 and 7929',
    complaint: (body) =>
      complainOfTurns(body, ({ index, role, blocks }, _before, next) => {
        const answered = idsOfResults(next);
        const open =
          role === 'assistant' && idsOfCalls(blocks).filter((id) => !answered.includes(id));
        return open && open.length > 0
          ? `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`
          : undefined;
      }),
  },
  toolResultOrphaned: {
    source: 'Message in claude-code issue 18947',
    complaint: (body) =>
      complainOfTurns(body, ({ index, blocks }, before) => {
        const called = before?.role === 'assistant' ? idsOfCalls(before.blocks) : [];
        const position = blocks.findIndex(
          ({ type, tool_use_id: id = '' }) => type === 'tool_result' && !called.includes(id),
        );
        return position === -1
          ? undefined
          : `messages.${index}.content.${position}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${blocks[position]?.tool_use_id ?? ''}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
      }),
  },
  toolResultTwice: {
    source: 'Message in hindsight pull 4250, picoclaw pull 1793',
    complaint: (body) =>
      complainOfTurns(body, (turn) => {
        const twice = firstDuplicate(idsOfResults(turn));
        return twice === undefined
          ? undefined
          : `messages.${turn.index}.content: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${twice}`;
      }),
  },
  toolUseTwice: {
    source: 'Message in cua issue 524',
    complaint: (body) =>
      firstDuplicate(toTurns(body).flatMap(({ blocks }) => idsOfCalls(blocks))) === undefined
        ? undefined
        : 'messages: `tool_use` ids must be unique',
  },
  toolResultsFirst: {
    source: 'Tool use guide: tool results come before any text of their message',
    complaint: (body) =>
      complainOfTurns(body, ({ index, blocks }) => {
        const start = blocks.findIndex(({ type }) => type !== 'tool_result');
        const isLate =
          start !== -1 && blocks.slice(start).some(({ type }) => type === 'tool_result');
        return isLate
          ? `messages.${index}: \`tool_result\` blocks must come before all other content of a message.`
          : undefined;
      }),
  },
} satisfies Record<string, Rule>;

function complainOfTurns(
  body: MessagesBody,
  complaint: (turn: Turn, before: Turn | undefined, next: Turn | undefined) => string | undefined,
): string | undefined {
  const turns = toTurns(body);
  return firstComplaint(turns, (turn, place) =>
    complaint(turn, turns[place - 1], turns[place + 1]),
  );
}

function toTurns({ messages }: MessagesBody): Turn[] {
  const turns: Turn[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    const blocks = [...toBlocks(content)];
    if (role === 'system') continue;
    if (turns.at(-1)?.role === role) turns.at(-1)?.blocks.push(...blocks);
    else turns.push({ role, index, blocks });
  }
  return turns;
}

function idsOfCalls(blocks: readonly Block[]): string[] {
  return blocks.filter(({ type }) => type === 'tool_use').map(({ id = '' }) => id);
}

function idsOfResults(turn: Turn | undefined): string[] {
  const results = turn?.blocks.filter(({ type }) => type === 'tool_result') ?? [];
  return results.map(({ tool_use_id: id = '' }) => id);
}

function firstDuplicate(ids: readonly string[]): string | undefined {
  return ids.find((id, index) => ids.indexOf(id) !== index);
}
