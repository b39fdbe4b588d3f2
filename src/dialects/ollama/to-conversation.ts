import type { Message, Part, ToolCallPart } from '../../run.ts';
import { toTurns } from '../shared/conversation.ts';
import type { OllamaChatBody } from './body.ts';
import { toImage } from './image.ts';

type OllamaMessage = OllamaChatBody['messages'][number];

/** Messages with their true roles, and the system messages in front of them. */
export function toConversation({ messages: all }: Pick<OllamaChatBody, 'messages'>): {
  instructions: string[];
  messages: Message[];
} {
  const instructions: string[] = [];
  const messages: Message[] = [];
  const calls = createOpenCalls();
  for (const [index, message] of all.entries()) {
    const path = `messages.${index}`;
    if (message.role === 'system') instructions.push(message.content ?? '');
    else if (message.role === 'assistant') {
      const parts = [...toText(message), ...calls.open(message)];
      messages.push({ role: 'assistant', parts });
    } else if (message.role === 'user') {
      messages.push({ role: 'user', parts: toContent(message, path) });
    } else {
      const callId = calls.close(message);
      const content = toContent(message, path);
      messages.push({
        role: 'user',
        parts: [{ type: 'tool-result', callId, content, isError: false }],
      });
    }
  }
  return {
    instructions: instructions.filter((text) => text.trim() !== ''),
    messages: toTurns(messages),
  };
}

/**
 * Ids were added to this API late, and many clients send none: a result then answers the first open call
 * of the function that it names, or the first of all.
 */
function createOpenCalls() {
  let count = 0;
  let open: ToolCallPart[] = [];
  return {
    open({ tool_calls: calls }: OllamaMessage): ToolCallPart[] {
      const added = (calls ?? []).map((call): ToolCallPart => {
        count += 1;
        const { name, arguments: input } = call.function;
        return {
          type: 'tool-call',
          id: call.id || `call_unnamed_${count}`,
          name,
          input: input ?? {},
        };
      });
      open.push(...added);
      return added;
    },
    /** The id of the call that is answered; one that is not there when none is. */
    close({ tool_call_id: id, tool_name: name }: OllamaMessage): string {
      const isMeant = (call: ToolCallPart) => (id ? call.id === id : !name || call.name === name);
      const answered = open.find(isMeant);
      open = open.filter((call) => call !== answered);
      return answered?.id ?? id ?? name ?? '';
    },
  };
}

function toContent(message: Pick<OllamaMessage, 'content' | 'images'>, path: string) {
  const images = (message.images ?? []).map((text, index) =>
    toImage(text, `${path}.images.${index}`),
  );
  return [...toText(message), ...images];
}

function toText({ content }: Pick<OllamaMessage, 'content'>) {
  return [{ type: 'text', text: content ?? '' }] satisfies Part[];
}
