import { createReadStream } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { splitLines } from '../process/split-lines.ts';

/** A message of a session as the CLI wrote it down. */
export type TranscriptMessage = {
  role: 'user' | 'assistant';
  /** When it was written, in ISO 8601. */
  at: string;
  parts: readonly TranscriptPart[];
};

export type TranscriptPart =
  | { type: 'text' | 'reasoning'; text: string }
  | { type: 'tool-call'; id: string; name: string; input: unknown }
  | { type: 'tool-result'; callId: string; text: string; isError: boolean }
  /** A picture, a document, or something newer than this server. */
  | { type: 'other'; kind: string };

/** The last messages of a session, and whether others came before them. */
export type TranscriptPage = { messages: readonly TranscriptMessage[]; hasMore: boolean };

const Block = z.looseObject({
  type: z.string(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
  input: z.unknown().optional(),
  tool_use_id: z.string().optional(),
  is_error: z.boolean().optional(),
  content: z.unknown().optional(),
});

type Block = z.infer<typeof Block>;

const Content = z.union([z.string(), z.array(Block)]);

/** A line of a transcript, seen from CLI 2.1.330; there are others, which say nothing of the conversation. */
const Line = z.object({
  type: z.enum(['user', 'assistant']),
  timestamp: z.string(),
  isSidechain: z.boolean().default(false),
  isMeta: z.boolean().default(false),
  message: z.object({ id: z.string().optional(), content: Content }),
});

/**
 * Reads the last messages of a session from the CLI's own file, in whichever project folder. None when
 * there is no such file. The id must be known to be a session's.
 */
export async function readTranscript(
  configFolder: string,
  sessionId: string,
  limit: number,
): Promise<TranscriptPage> {
  const file = await findFile(join(configFolder, 'projects'), `${sessionId}.jsonl`);
  const messages: TranscriptMessage[] = [];
  let lastId: string | undefined;
  let hasMore = false;
  for await (const texts of file ? splitLines(createReadStream(file)) : []) {
    for (const line of texts.map(readLine)) {
      if (!line || line.isSidechain || line.isMeta) continue;
      const { id, content } = line.message;
      const parts = toParts(content);
      const last = messages.at(-1);
      // Each block of a reply stands in a line of its own.
      if (last && id !== undefined && id === lastId) {
        messages[messages.length - 1] = { ...last, parts: [...last.parts, ...parts] };
      } else messages.push({ role: line.type, at: line.timestamp, parts });
      lastId = id;
    }
    hasMore ||= messages.length > limit;
    messages.splice(0, messages.length - limit);
  }
  return { messages, hasMore };
}

async function findFile(projects: string, name: string) {
  const folders = await readdir(projects).catch(() => []);
  for (const folder of folders) {
    const file = join(projects, folder, name);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

function readLine(text: string) {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // cut off by a crash
  }
}

function toParts(content: z.infer<typeof Content>): TranscriptPart[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content.map(toPart);
}

function toPart(block: Block): TranscriptPart {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text ?? '' };
    case 'thinking':
      return { type: 'reasoning', text: block.thinking ?? '' };
    case 'tool_use':
      return {
        type: 'tool-call',
        id: block.id ?? '',
        name: block.name ?? '',
        input: block.input ?? {},
      };
    case 'tool_result':
      return {
        type: 'tool-result',
        callId: block.tool_use_id ?? '',
        text: toText(block.content),
        isError: block.is_error ?? false,
      };
    default:
      return { type: 'other', kind: block.type };
  }
}

function toText(content: unknown): string {
  const { data } = Content.safeParse(content);
  if (data === undefined || typeof data === 'string') return data ?? '';
  return data.map(({ type, text }) => text ?? `[${type}]`).join('\n');
}
