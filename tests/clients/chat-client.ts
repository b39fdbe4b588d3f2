import { type MessagesBody, toBlocks } from '../../src/demo/messages-body.ts';

/** What one side says. */
export type Turn = { role: 'user' | 'assistant'; content: string };

/** A real client, reduced to what all of them can do. */
export type ChatClient = {
  /** The whole text of the reply to these turns. */
  askWhole(turns: Turn[]): Promise<string>;
  /** The same reply, piece by piece; stops when the signal aborts. */
  askStreamed(turns: Turn[], signal: AbortSignal): AsyncIterable<string>;
};

/** A conversation as it reached the model, without the CLI's own messages and reminders. */
export function toTurns({ messages }: MessagesBody): Turn[] {
  return messages.flatMap(({ role, content }) =>
    role === 'system' ? [] : [{ role, content: toSaid(content) }],
  );
}

function toSaid(content: MessagesBody['messages'][number]['content']): string {
  return toBlocks(content)
    .flatMap(({ type, text = '' }) => (type === 'text' ? [text] : []))
    .filter((text) => !text.startsWith('<system-reminder>'))
    .join('');
}
