import type { Tag } from '../operation.ts';

/** Where Anthropic's APIs stand in the document. */
export const messagesTag: Tag = {
  name: 'Anthropic',
  description: 'What Anthropic clients call.',
};
