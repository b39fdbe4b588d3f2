import { z } from 'zod';

import type { DocumentPart, ImagePart, TextPart } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { toFileSource, toMediaSource } from '../shared/media-source.ts';

const Text = z.looseObject({ type: z.enum(['input_text', 'text']), text: z.string() });

const Image = z.looseObject({
  type: z.literal('input_image'),
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
});

const File = z.looseObject({
  type: z.literal('input_file'),
  file_data: z.string().nullish(),
  file_url: z.string().nullish(),
  file_id: z.string().nullish(),
  filename: z.string().nullish(),
});

const OutputText = z.looseObject({ type: z.literal('output_text'), text: z.string() });

const Refusal = z.looseObject({ type: z.literal('refusal'), refusal: z.string() });

/** What a message holds. */
export const MessageContent = z.union([
  z.string(),
  z.array(z.discriminatedUnion('type', [Text, Image, File, OutputText, Refusal])),
]);

/** What a tool found. */
export const ResultContent = z.union([
  z.string(),
  z.array(z.discriminatedUnion('type', [Text, Image, File])),
]);

/** What agents tell each other; OpenAI's API hides it from their host, this server hands out what it was given. */
export const AgentContent = z.array(
  z.discriminatedUnion('type', [
    Text,
    z.looseObject({ type: z.literal('encrypted_content'), encrypted_content: z.string() }),
  ]),
);

/** What a computer shows. */
export const ResultImage = z.looseObject({
  type: z.literal('computer_screenshot'),
  image_url: z.string().nullish(),
  file_id: z.string().nullish(),
});

type Content = z.infer<typeof MessageContent>;
type ContentPart = Exclude<Content, string>[number];

/** The parts of a content; `param` is where it stands. Throws `invalid-request` for what is stored elsewhere. */
export function toContent(
  content: Content,
  param: string,
): (TextPart | ImagePart | DocumentPart)[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return content.map((part, index) => toPart(part, `${param}.${index}`));
}

/** The text of a content that may hold nothing else. Throws `invalid-request`. */
export function toPlainText(content: Content, param: string): string {
  if (typeof content === 'string') return content;
  return content
    .map((part, index) => {
      if ('text' in part && typeof part.text === 'string') return part.text;
      throw invalid('A system or developer message holds text only.', `${param}.${index}`);
    })
    .join('');
}

/** One part of a content. */
export function toPart(part: ContentPart, param: string): TextPart | ImagePart | DocumentPart {
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

/** A message from one agent to another, as text. */
export function toAgentText(content: z.infer<typeof AgentContent>): string {
  return content
    .map((part) => (part.type === 'encrypted_content' ? part.encrypted_content : part.text))
    .join('\n');
}

function inline(url: string | null | undefined, name: string, param: string): string {
  if (url) return url;
  throw invalid(`Send the data itself as ${name}; this server stores no files.`, param);
}

function invalid(sentence: string, param: string) {
  return new RunError('invalid-request', sentence, { param });
}
