import { z } from 'zod';

import type { ToolResultPart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import type { InputRequest } from '../../run-input.ts';
import { toMediaSource } from '../shared/media-source.ts';

/** Of a longer text the model would see the beginning only (CLI 2.1.330). */
const LONGEST_TEXT = 400_000;

const MOST_PARTS = 100;

const Text = z.string().refine((text) => text.trim() !== '', 'must not be blank');

const TextPart = z.strictObject({ type: z.literal('text'), text: Text });

const ImagePart = z.strictObject({
  type: z.literal('image'),
  /** The data itself as a base64 `data:` URL, or a web address. */
  url: z.string().min(1),
});

const ResultPart = z.discriminatedUnion('type', [TextPart, ImagePart]);

type ResultPart = z.infer<typeof ResultPart>;

const Parts = z
  .array(ResultPart)
  .min(1)
  .max(MOST_PARTS)
  .refine(
    (parts) => countCharacters(parts) <= LONGEST_TEXT,
    `may have ${LONGEST_TEXT} characters of text at most`,
  );

/** The body of `POST /api/runs/{id}/tool-results`. */
export const ToolResultBody = z
  .strictObject({
    /** That of the event `tool-request`. */
    id: z.string(),
    content: z.union([z.string().max(LONGEST_TEXT), Parts]),
    isError: z.boolean().default(false),
  })
  // Of an error the CLI passes the text on, and nothing else (2.1.330).
  .refine(({ content, isError }) => !isError || typeof content === 'string', {
    message: 'must be one text when `isError` is true',
    path: ['content'],
  });

export type ToolResultBody = z.infer<typeof ToolResultBody>;

/** The result of a tool. Throws `invalid-request` when the run waits for something else. */
export function toToolResult(
  { content, isError }: ToolResultBody,
  request: InputRequest,
): ToolResultPart {
  if (request.type !== 'tool-request') {
    const sentence = 'The run waits for no result of a tool here, but for an answer.';
    throw new RunError('invalid-request', sentence, { param: 'id' });
  }
  const parts = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content;
  return { type: 'tool-result', callId: request.callId, content: parts.map(toPart), isError };
}

function toPart(part: ResultPart, index: number): ToolResultPart['content'][number] {
  if (part.type === 'text') return part;
  const path = `content.${index}.url`;
  return { type: 'image', source: toMediaSource(part.url, path), path };
}

function countCharacters(parts: readonly ResultPart[]) {
  return parts.reduce((sum, part) => sum + (part.type === 'text' ? part.text.length : 0), 0);
}
