import { createReadStream } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { AgentPart } from '../../run.ts';
import { splitLines } from '../process/split-lines.ts';
import { AgentContent, toAgentParts } from './to-agent-parts.ts';

/** A message of a session as the CLI wrote it down. */
export type TranscriptMessage = {
  role: 'user' | 'assistant';
  /** When it was written, in ISO 8601. */
  at: string;
  parts: readonly AgentPart[];
};

/** The last messages of a session, and whether others came before them. */
export type TranscriptPage = { messages: readonly TranscriptMessage[]; hasMore: boolean };

/** A line of a transcript, seen from CLI 2.1.330; there are others, which say nothing of the conversation. */
const Line = z.object({
  type: z.enum(['user', 'assistant']),
  timestamp: z.string(),
  isSidechain: z.boolean().default(false),
  isMeta: z.boolean().default(false),
  message: z.object({ id: z.string().optional(), content: AgentContent }),
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
      const parts = toAgentParts(content);
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
