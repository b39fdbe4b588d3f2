import type { DocumentPart, ImagePart, Part, TextPart } from '../../run.ts';
import type { ContentBlocks } from './input-lines.ts';

/** Parts as the content blocks of the Messages API; a lone text stays a string. */
export function toBlocks(parts: readonly Part[]): ContentBlocks {
  const [only] = parts;
  if (parts.length === 1 && only?.type === 'text') return only.text;
  return parts.map(toBlock).filter((block) => block !== undefined);
}

function toBlock(part: Part) {
  switch (part.type) {
    case 'text':
    case 'image':
    case 'document':
      return toContentBlock(part);
    case 'tool-call':
      return { type: 'tool_use', id: part.id, name: part.name, input: part.input };
    case 'tool-result':
      return {
        type: 'tool_result',
        tool_use_id: part.callId,
        content: part.content.map(toContentBlock),
        ...(part.isError && { is_error: true }),
      };
    case 'redacted-reasoning':
      return { type: 'redacted_thinking', data: part.data };
    case 'reasoning':
      // Without its signature the API refuses it.
      if (!part.signature) return undefined;
      return { type: 'thinking', thinking: part.text, signature: part.signature };
  }
}

function toContentBlock(part: TextPart | ImagePart | DocumentPart) {
  if (part.type === 'text') return { type: 'text', text: part.text };
  return {
    type: part.type,
    source: toSource(part.source),
    ...(part.type === 'document' && part.title !== undefined && { title: part.title }),
  };
}

function toSource(source: ImagePart['source']) {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'text':
      return { type: 'text', media_type: 'text/plain', data: source.text };
    case 'url':
      return { type: 'url', url: source.url };
  }
}
