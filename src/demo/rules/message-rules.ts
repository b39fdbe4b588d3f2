import { toBlocks, type Block, type MessagesBody } from '../messages-body.ts';
import { firstComplaint, type Rule } from './rule.ts';

const IMAGE_TYPES = ['image/jpeg', 'image/png', 'image/gif', 'image/webp'];

/** Rules about the conversation and its blocks. */
export const MESSAGE_RULES = {
  messagesEmpty: {
    source: 'API reference: at least one message',
    complaint: ({ messages }) =>
      messages.length === 0 ? 'messages: at least one message is required' : undefined,
  },
  contentEmpty: {
    // A system message may be empty: the CLI sends one that only carries `output_config` (2.1.330).
    source: 'API: every message has content',
    complaint: ({ messages }) =>
      firstComplaint(messages, ({ role, content }, index) =>
        content.length === 0 && role !== 'system'
          ? `messages.${index}: ${role} messages must have non-empty content`
          : undefined,
      ),
  },
  textEmpty: {
    source: 'API: empty text blocks are refused, in tool results too',
    complaint: (body) => {
      const place = placeOfText(body, ({ text }) => text === '');
      return place && `${place}: text content blocks must be non-empty`;
    },
  },
  textBlank: {
    source: 'API: text of nothing but white space is refused',
    complaint: (body) => {
      const place = placeOfText(body, ({ text = 'x' }) => text !== '' && text.trim() === '');
      return place && `${place}: text content blocks must contain non-whitespace text`;
    },
  },
  imageType: {
    source: 'Vision guide: JPEG, PNG, GIF and WebP',
    complaint: ({ messages }) =>
      firstBlock(messages, ({ type, source }, place) =>
        type === 'image' &&
        source?.type === 'base64' &&
        !IMAGE_TYPES.includes(source.media_type ?? '')
          ? `${place}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`
          : undefined,
      ),
  },
  imageRole: {
    source: 'Vision guide: images stand in user messages',
    complaint: ({ messages }) =>
      firstBlock(messages, ({ type }, place, role) =>
        type === 'image' && role !== 'user'
          ? `${place}: \`image\` blocks are only permitted in user messages`
          : undefined,
      ),
  },
  thinkingSignature: {
    source: 'API reference: a thinking block carries its signature',
    complaint: ({ messages }) =>
      firstBlock(messages, ({ type, signature }, place) =>
        type === 'thinking' && signature === undefined
          ? `${place}.thinking.signature: Field required`
          : undefined,
      ),
  },
  prefill: {
    source: 'Opus 4.6 and later; message in llxprt-code pull 3695',
    complaint: ({ messages }) =>
      messages.findLast(({ role }) => role !== 'system')?.role === 'assistant'
        ? 'This model does not support assistant message prefill. The conversation must end with a user message.'
        : undefined,
  },
} satisfies Record<string, Rule>;

function placeOfText(
  { system, messages }: MessagesBody,
  isBad: (block: Block) => boolean,
): string | undefined {
  if (Array.isArray(system) && system.some(isBad)) return 'system';
  const blocks = messages.flatMap(({ content }) => toBlocks(content));
  const inner = blocks.flatMap(({ content }) => (Array.isArray(content) ? content : []));
  return [...blocks, ...inner].some(isBad) ? 'messages' : undefined;
}

function firstBlock(
  messages: MessagesBody['messages'],
  complaint: (block: Block, place: string, role: string) => string | undefined,
): string | undefined {
  return firstComplaint(messages, ({ role, content }, index) =>
    firstComplaint(toBlocks(content), (block, position) =>
      complaint(block, `messages.${index}.content.${position}`, role),
    ),
  );
}
