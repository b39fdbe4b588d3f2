import { randomUUID } from 'node:crypto';

import type { Message } from '../../run.ts';
import { type ContentBlocks, toBlockList } from '../process/input-lines.ts';
import { toBlocks } from '../process/to-blocks.ts';

export type Transcript = {
  /** The file's content. */
  text: string;
  /** The messages, and by which id the CLI knows those of the caller's. */
  told: readonly { message: Message; uuid: string | undefined }[];
};

export type TranscriptOptions = {
  sessionId: string;
  /** The full id of the model that goes on: of its own replies the CLI keeps the thinking. */
  model: string;
  /** Where the process works. */
  folder: string;
};

/** The CLI's version by which the lines are formed; it does not mind other ones. */
const VERSION = '2.1.330';

/**
 * A conversation as the CLI records it, a JSON line a message, for `--resume`. The format is the CLI's
 * own business (seen from 2.1.330), so whoever uses it has to see whether the CLI took it.
 */
export function toTranscript(
  messages: readonly Message[],
  { sessionId, model, folder }: TranscriptOptions,
): Transcript {
  const timestamp = new Date().toISOString();
  const shared = { isSidechain: false, userType: 'external', timestamp, sessionId, cwd: folder };
  let parentUuid: string | null = null;
  const lines: string[] = [];
  const told: { message: Message; uuid: string | undefined }[] = [];
  for (const message of messages) {
    const blocks = toBlocks(message.parts);
    const uuid = randomUUID();
    const isUser = message.role === 'user';
    const isEmpty = blocks.length === 0; // thinking without a signature and nothing else
    told.push({ message, uuid: isUser && !isEmpty ? uuid : undefined });
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
  return { text: lines.map((line) => `${line}\n`).join(''), told };
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
