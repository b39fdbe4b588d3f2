import { randomUUID } from 'node:crypto';

import type { Message } from '../../../run.ts';
import { type ContentBlocks, toBlockList } from '../../process/input-lines.ts';
import { toBlocks } from '../../process/to-blocks.ts';

export type Transcript = {
  /** The file's content. */
  text: string;
  /** The messages, with the CLI's ids of the user's. */
  held: readonly { message: Message; uuid: string | undefined }[];
};

export type TranscriptOptions = {
  sessionId: string;
  /** The full id of the model that goes on; the CLI keeps the thinking only in its own replies. */
  model: string;
  /** Where the process works. */
  folder: string;
};

/** The version of the CLI whose format the lines have; others read it, too. */
const VERSION = '2.1.330';

/**
 * A conversation in the CLI's own format for `--resume`, one JSON line for each message. The format is
 * undocumented (seen from 2.1.330), so whoever uses it has to check that the CLI has read it.
 */
export function toTranscript(
  messages: readonly Message[],
  { sessionId, model, folder }: TranscriptOptions,
): Transcript {
  const timestamp = new Date().toISOString();
  const shared = { isSidechain: false, userType: 'external', timestamp, sessionId, cwd: folder };
  let parentUuid: string | null = null;
  const lines: string[] = [];
  const held: { message: Message; uuid: string | undefined }[] = [];
  for (const message of messages) {
    const blocks = toBlocks(message.parts);
    const uuid = randomUUID();
    const isUser = message.role === 'user';
    const isEmpty = blocks.length === 0; // thinking without a signature and nothing else
    held.push({ message, uuid: isUser && !isEmpty ? uuid : undefined });
    if (isEmpty) continue;
    const recorded = isUser ? { role: 'user', content: blocks } : toReply(blocks, model, uuid);
    lines.push(
      JSON.stringify({
        parentUuid,
        uuid,
        type: message.role,
        message: recorded,
        version: VERSION,
        ...shared,
      }),
    );
    parentUuid = uuid;
  }
  return { text: lines.map((line) => `${line}\n`).join(''), held };
}

/** A whole message of the Messages API: the CLI reads no less. */
function toReply(blocks: ContentBlocks, model: string, uuid: string) {
  return {
    id: `msg_${uuid}`,
    type: 'message',
    role: 'assistant',
    model,
    content: toBlockList(blocks),
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 0, output_tokens: 0 },
  };
}
