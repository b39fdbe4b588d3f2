import type { DocumentPart, ImagePart, Message, Part, TextPart, ToolCallPart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { type Conversation, toSpokenConversation } from '../shared/conversation.ts';
import { toCustomArguments } from '../shared/custom-tool.ts';
import { toFileSource, toMediaSource } from '../shared/media-source.ts';
import { readArguments } from '../shared/read-arguments.ts';
import type { ChatMessage } from './body.ts';
import { type CurrentMessage, fromFunctions } from './from-functions.ts';

type ByRole<Role extends CurrentMessage['role']> = Extract<CurrentMessage, { role: Role }>;
type UserPart = Exclude<ByRole<'user'>['content'], string>[number];

/**
 * Messages with their true roles, and the system and developer messages in front of them. A request
 * of nothing but instructions is a prompt.
 */
export function toConversation(all: readonly ChatMessage[]): Conversation {
  const instructions: string[] = [];
  /** Those behind the last message. */
  const last: string[] = [];
  const messages: Message[] = [];
  for (const [index, message] of fromFunctions(all).entries()) {
    if (message.role === 'system' || message.role === 'developer') {
      last.push(toPlainText(message.content));
      continue;
    }
    instructions.push(...last.splice(0));
    messages.push(toMessage(message, `messages.${index}`));
  }
  return toSpokenConversation(messages, instructions, last);
}

function toMessage(
  message: Exclude<CurrentMessage, ByRole<'system' | 'developer'>>,
  path: string,
): Message {
  switch (message.role) {
    case 'user':
      return { role: 'user', parts: toUserParts(message.content, path) };
    case 'assistant':
      return { role: 'assistant', parts: toAssistantParts(message) };
    case 'tool':
      return {
        role: 'user',
        parts: [
          {
            type: 'tool-result',
            callId: message.tool_call_id,
            content: toResultParts(message.content, path),
            isError: false,
          },
        ],
      };
  }
}

/** Texts alone are one text. */
function toResultParts(content: ByRole<'tool'>['content'], path: string) {
  const parts = toUserParts(content, path);
  const texts = parts.filter((part) => part.type === 'text');
  if (texts.length < parts.length) return parts;
  return [{ type: 'text' as const, text: texts.map(({ text }) => text).join('') }];
}

function toUserParts(
  content: ByRole<'user'>['content'],
  path: string,
): (TextPart | ImagePart | DocumentPart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => toUserPart(part, `${path}.content.${index}`));
}

function toUserPart(part: UserPart, path: string): TextPart | ImagePart | DocumentPart {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'image_url':
      return toImage(part.image_url.url, `${path}.image_url.url`);
    case 'file':
      return toDocument(part.file, `${path}.file`);
    case 'input_audio':
      throw invalid('Audio is not supported; send its transcript as text.', path);
  }
}

function toImage(url: string, path: string): ImagePart {
  return { type: 'image', source: toMediaSource(url, path), path };
}

function toDocument(
  { file_data: data, filename: title }: Extract<UserPart, { type: 'file' }>['file'],
  path: string,
): DocumentPart {
  if (data === undefined) {
    throw invalid('Files have to be sent inline as file_data; this server stores none.', path);
  }
  const dataPath = `${path}.file_data`;
  return { type: 'document', source: toFileSource(data, dataPath), title, path: dataPath };
}

function toAssistantParts(message: ByRole<'assistant'>): Part[] {
  const text = toPlainText(message.content ?? '') || (message.refusal ?? '');
  const calls = (message.tool_calls ?? []).map((call): ToolCallPart => ({
    type: 'tool-call',
    id: call.id,
    ...(call.type === 'custom'
      ? { name: call.custom.name, input: toCustomArguments(call.custom.input) }
      : { name: call.function.name, input: readArguments(call.function.arguments) }),
  }));
  return [{ type: 'text', text }, ...calls];
}

function toPlainText(
  content:
    | string
    | readonly ({ type: 'text'; text: string } | { type: 'refusal'; refusal: string })[],
): string {
  if (typeof content === 'string') return content;
  return content.map((part) => (part.type === 'text' ? part.text : part.refusal)).join('');
}

function invalid(sentence: string, param: string) {
  return new RunError('invalid-request', sentence, { param });
}
