import type { Tag } from '../operation.ts';

/** Where OpenAI's APIs stand in the document. */
export const openaiTag: Tag = { name: 'OpenAI', description: 'What OpenAI clients call.' };
