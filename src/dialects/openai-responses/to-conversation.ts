import type { DocumentPart, ImagePart, Message, Part, TextPart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { type Conversation, toSpokenConversation } from '../shared/conversation.ts';
import { toFileSource, toMediaSource } from '../shared/media-source.ts';
import { readArguments } from '../shared/read-arguments.ts';
import type { InputItem, InputPart, MessageItem } from './input-item.ts';
import { openText, readRedacted } from './sealed-text.ts';

type SpokenItem = Exclude<InputItem, { type: 'item_reference' }>;
type ToolOutput = Extract<InputItem, { type: 'function_call_output' }>['output'];

/**
 * Messages with their true roles, and the system and developer messages in front of them. An input of
 * nothing but those is a prompt. Throws `invalid-request`.
 */
export function toConversation(items: readonly InputItem[]): Conversation {
  const instructions: string[] = [];
  /** Those behind the last message. */
  const last: string[] = [];
  const messages: Message[] = [];
  for (const [index, item] of items.entries()) {
    const param = `input.${index}`;
    if (isInstruction(item)) {
      last.push(toPlainText(item, param));
      continue;
    }
    instructions.push(...last.splice(0));
    messages.push(toMessage(item, param));
  }
  return toSpokenConversation(messages, instructions, last);
}

function isInstruction(item: InputItem): item is MessageItem {
  return item.type === 'message' && (item.role === 'system' || item.role === 'developer');
}

function toPlainText({ content }: MessageItem, param: string): string {
  if (typeof content === 'string') return content;
  return content
    .map((part, index) => {
      if ('text' in part && typeof part.text === 'string') return part.text;
      throw invalid('A system or developer message holds text only.', `${param}.content.${index}`);
    })
    .join('');
}

function toMessage(item: InputItem, param: string): Message {
  if (item.type === 'item_reference') {
    throw invalid('An item can be referred to only where responses are stored.', param);
  }
  const isAssistant =
    item.type === 'message'
      ? item.role === 'assistant'
      : item.type === 'function_call' || item.type === 'reasoning';
  return { role: isAssistant ? 'assistant' : 'user', parts: toParts(item, param) };
}

function toParts(item: SpokenItem, param: string): Part[] {
  switch (item.type) {
    case 'message':
      return toContent(item.content, `${param}.content`);
    case 'function_call': {
      const input = readArguments(item.arguments);
      return [{ type: 'tool-call', id: item.call_id, name: item.name, input }];
    }
    case 'function_call_output':
      return [
        {
          type: 'tool-result',
          callId: item.call_id,
          content: toContent(item.output, `${param}.output`),
          isError: false,
        },
      ];
    case 'reasoning':
      return toReasoning(item);
    case 'compaction':
      return [{ type: 'text', text: openCompaction(item.encrypted_content, param) }];
  }
}

function toContent(
  content: MessageItem['content'] | ToolOutput,
  param: string,
): (TextPart | ImagePart | DocumentPart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => toPart(part, `${param}.${index}`));
}

function toPart(part: InputPart, param: string): TextPart | ImagePart | DocumentPart {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: part.text };
    case 'refusal':
      return { type: 'text', text: part.refusal };
    case 'input_image': {
      const url = inline(part.image_url, 'image_url', param);
      const path = `${param}.image_url`;
      return { type: 'image', source: toMediaSource(url, path), path };
    }
    case 'input_file': {
      const name = part.file_data ? 'file_data' : 'file_url';
      const url = inline(part.file_data ?? part.file_url, name, param);
      const path = `${param}.${name}`;
      const source = toFileSource(url, path);
      return { type: 'document', source, title: part.filename ?? undefined, path };
    }
  }
}

function inline(url: string | null | undefined, name: string, param: string): string {
  if (url) return url;
  throw invalid(`Send the data itself as ${name}; this server stores no files.`, param);
}

/** Thinking whose proof did not come back, or came from elsewhere, is of no use to the API. */
function toReasoning(item: Extract<InputItem, { type: 'reasoning' }>): Part[] {
  const signature = openText(item.encrypted_content ?? '');
  if (signature === undefined) return [];
  const data = readRedacted(signature);
  if (data !== undefined) return [{ type: 'redacted-reasoning', data }];
  const text = (item.summary ?? []).map((part) => part.text).join('');
  return [{ type: 'reasoning', text, signature }];
}

function openCompaction(sealed: string, param: string): string {
  const summary = openText(sealed);
  if (summary !== undefined) return `A summary of the conversation so far:\n\n${summary}`;
  throw invalid('Only a compaction that this server made can be read.', param);
}

function invalid(sentence: string, param: string) {
  return new RunError('invalid-request', sentence, { param });
}
