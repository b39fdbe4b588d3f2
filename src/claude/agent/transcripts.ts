import { createReadStream } from 'node:fs';
import { access, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { RunError } from '../../run-error.ts';
import type {
  TranscriptMessage,
  TranscriptPage,
  Transcripts,
} from '../../sessions/session-transcript.ts';
import { splitLines } from '../../common/split-lines.ts';
import { AgentContent, toAgentParts } from './to-agent-parts.ts';

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** A message and all behind it were taken back. */
const CutLine = z.object({ type: z.literal('last-prompt'), cutUuid: z.string() });

/** A line of a transcript (CLI 2.1.330); other kinds of lines are not part of the conversation. */
const MessageLine = z.object({
  type: z.enum(['user', 'assistant']),
  uuid: z.string().optional(),
  timestamp: z.string(),
  isSidechain: z.boolean().default(false),
  isMeta: z.boolean().default(false),
  message: z.object({ id: z.string().optional(), content: AgentContent }),
});

const Line = z.union([MessageLine, CutLine]);

/** The CLI's transcripts in this folder. */
export function createTranscripts(configFolder: string): Transcripts {
  return {
    read: ({ id }, limit) => readTranscript(configFolder, id, limit),
    remove: (id) => removeTranscript(configFolder, id),
  };
}

/**
 * Reads the last messages of a session from the CLI's own file, in whichever project folder it is; none
 * when there is no such file. The id must be known to be a session's.
 */
export async function readTranscript(
  configFolder: string,
  sessionId: string,
  limit: number,
): Promise<TranscriptPage> {
  const file = await findFile(configFolder, `${sessionId}.jsonl`);
  const messages: TranscriptMessage[] = [];
  let lastId: string | undefined;
  let hasMore = false;
  for await (const texts of file ? splitLines(createReadStream(file)) : []) {
    for (const line of texts.map(readLine)) {
      if (line?.type === 'last-prompt') {
        cut(messages, line.cutUuid);
        continue;
      }
      if (!line || line.isSidechain || line.isMeta) continue;
      const { id, content } = line.message;
      const parts = toAgentParts(content);
      const last = messages.at(-1);
      // The CLI writes each block of a reply in a line of its own.
      if (last && id !== undefined && id === lastId) {
        messages[messages.length - 1] = { ...last, parts: [...last.parts, ...parts] };
      } else messages.push(toMessage(line, parts));
      lastId = id;
    }
    hasMore ||= messages.length > limit;
    messages.splice(0, messages.length - limit);
  }
  return { messages, hasMore };
}

/** Where the CLI's last notes of a run are looked for, in bytes before a transcript's end. */
const TAIL_BYTES = 262_144;

/** The last lines of a session's transcript, of which the first may be cut off; none when there is no such file. */
export async function readLastLines(
  configFolder: string,
  sessionId: string,
): Promise<readonly string[]> {
  const path = await findFile(configFolder, `${sessionId}.jsonl`);
  if (path === undefined) return [];
  await using file = await open(path);
  const { size } = await file.stat();
  const length = Math.min(size, TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.toString('utf8', 0, bytesRead).split('\n');
}

/**
 * Deletes what the CLI recorded of a session, in whichever project folder it is: `<id>.jsonl`, and the
 * folders `<id>` beside it and among the checkpoints of files. Does nothing when there is none. Throws `invalid-request` for an id that is
 * not a UUID.
 */
export async function removeTranscript(configFolder: string, sessionId: string): Promise<void> {
  if (!UUID.test(sessionId)) {
    throw new RunError('invalid-request', 'A session id is a UUID.', { param: 'sessionId' });
  }
  const folders = await listProjectFolders(configFolder);
  await Promise.all(
    folders
      .flatMap((folder) => [join(folder, `${sessionId}.jsonl`), join(folder, sessionId)])
      // How files were before its tools changed them.
      .concat(join(configFolder, 'file-history', sessionId))
      .map((path) => rm(path, { force: true, recursive: true })),
  );
}

function toMessage(
  { type: role, uuid, timestamp: at }: z.infer<typeof MessageLine>,
  parts: TranscriptMessage['parts'],
): TranscriptMessage {
  return { role, ...(role === 'user' && uuid !== undefined && { id: uuid }), at, parts };
}

function cut(messages: TranscriptMessage[], id: string) {
  const index = messages.findIndex((message) => message.id === id);
  if (index >= 0) messages.splice(index);
}

async function findFile(configFolder: string, name: string) {
  const folders = await listProjectFolders(configFolder).catch(() => []);
  for (const folder of folders) {
    const file = join(folder, name);
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** The CLI keeps one folder for each working directory; none before its first session. */
async function listProjectFolders(configFolder: string) {
  const projects = join(configFolder, 'projects');
  const entries = await readdir(projects, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(projects, name));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function readLine(text: string) {
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // cut off by a crash
  }
}
