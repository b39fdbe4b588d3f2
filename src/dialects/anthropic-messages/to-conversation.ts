import type { DocumentPart, ImagePart, Message, Part, TextPart } from '../../run.ts';
import { toTurns } from '../shared/conversation.ts';
import type { ContentBlock, MessagesBody } from './body.ts';

type ByType<Type extends ContentBlock['type']> = Extract<ContentBlock, { type: Type }>;
type ResultBlock = Exclude<NonNullable<ByType<'tool_result'>['content']>, string>[number];

/** Claude Code's own header; from a client it would replace the one that the CLI writes. */
const BILLING_HEADER = 'x-anthropic-billing-header:';

/**
 * Messages with their roles, and all system text in front. Cache marks are left out: the CLI sets its
 * own, and the API takes four at the most.
 */
export function toConversation({ system, messages: all }: MessagesBody): {
  instructions: string[];
  messages: Message[];
} {
  const instructions = toTexts(system ?? []);
  const messages: Message[] = [];
  for (const [index, message] of all.entries()) {
    if (message.role === 'system') instructions.push(...toTexts(message.content));
    else {
      const parts = toParts(message.content, `messages.${index}.content`);
      messages.push({ role: message.role, parts });
    }
  }
  return {
    instructions: instructions.filter(
      (text) => text.trim() !== '' && !text.startsWith(BILLING_HEADER),
    ),
    messages: toTurns(messages),
  };
}

function toTexts(content: string | readonly { text: string }[]): string[] {
  return typeof content === 'string' ? [content] : content.map(({ text }) => text);
}

function toParts(content: string | readonly ContentBlock[], path: string): Part[] {
  return typeof content === 'string'
    ? [{ type: 'text', text: content }]
    : content.flatMap((block, index) => toPart(block, `${path}.${index}`) ?? []);
}

function toPart(block: ContentBlock, path: string): Part | undefined {
  switch (block.type) {
    case 'text':
    case 'image':
    case 'document':
    case 'search_result':
    case 'tool_reference':
      return toContentPart(block, path);
    case 'tool_use':
      return { type: 'tool-call', id: block.id, name: block.name, input: block.input };
    case 'tool_result':
      return {
        type: 'tool-result',
        callId: block.tool_use_id,
        content: toResultParts(block.content ?? [], `${path}.content`),
        isError: block.is_error ?? false,
      };
    case 'thinking':
      return { type: 'reasoning', text: block.thinking, signature: block.signature };
    case 'redacted_thinking':
      return { type: 'redacted-reasoning', data: block.data };
    default:
      return { type: 'text', text: toHostedText(block) };
  }
}

/** Fields that say nothing to a model. */
const UNSAID: ReadonlySet<string> = new Set(['id', 'cache_control', 'encrypted_content']);

/** What a tool of the host's did, as text. */
function toHostedText(block: { type: string }) {
  const json = JSON.stringify(block, (name, value: unknown) =>
    UNSAID.has(name) ? undefined : value,
  );
  return `[${block.type}: ${json}]`;
}

function toResultParts(content: string | readonly ResultBlock[], path: string) {
  return typeof content === 'string'
    ? [{ type: 'text' as const, text: content }]
    : content.map((block, index) => toContentPart(block, `${path}.${index}`));
}

function toContentPart(block: ResultBlock, path: string): TextPart | ImagePart | DocumentPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text };
    case 'image':
      return { type: 'image', source: toSource(block.source), path: `${path}.source` };
    case 'search_result':
      return {
        type: 'text',
        text: [`${block.title} (${block.source})`, ...toTexts(block.content)].join('\n'),
      };
    case 'tool_reference':
      return { type: 'text', text: `The tool ${block.tool_name} can be called.` };
    case 'document':
      return {
        type: 'document',
        source: toSource(block.source),
        title: block.title ?? undefined,
        path: `${path}.source`,
      };
  }
}

function toSource(source: ByType<'document'>['source']): ImagePart['source'] {
  switch (source.type) {
    case 'base64':
      return { kind: 'base64', mediaType: source.media_type, data: source.data };
    case 'text':
      return { kind: 'text', text: source.data };
    case 'url':
      return { kind: 'url', url: source.url };
    case 'content':
      return { kind: 'text', text: toSourceText(source.content) };
  }
}

function toSourceText(
  content: Extract<ByType<'document'>['source'], { type: 'content' }>['content'],
) {
  if (typeof content === 'string') return content;
  return content.map((block) => (block.type === 'text' ? block.text : '[image]')).join('\n');
}
