import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { createCliProcess } from '../src/claude/process/cli-process.ts';
import { bindProcess } from '../src/claude/chat/bind.ts';
import { type ChatProcess, sayTurn } from '../src/claude/chat/chat-process.ts';
import { toChatLaunch } from '../src/claude/launch/launch.ts';
import { createAbilities, say, toChatRequest, toTurn } from '../tests/claude/chat-request.ts';
import { CLAUDE, type Stage } from './processes.ts';

const NEVER = new AbortController().signal;
const LOOK = { name: 'look', description: undefined, inputSchema: { type: 'object' } };

/** From a tool's result to the first token, in milliseconds, of a CLI process with nobody in front of it. */
export async function answerDirectly(
  { claudeEnvironment }: Stage,
  thoughtMs: number,
): Promise<number> {
  const turn = toTurn(
    toChatRequest({ messages: [say('user', `Look. ${randomUUID()}`)], tools: [LOOK] }),
  );
  const tools = turn.tools.client;
  const profile = toChatLaunch(
    { environment: claudeEnvironment, loginArgs: [] },
    String(claudeEnvironment['HOME']),
  );
  const process = createCliProcess({ ...profile, command: CLAUDE });
  await process.request({ subtype: 'list_models' }); // it is up
  const chat = await bindProcess({ process, settings: undefined, isBound: false }, turn);
  await Array.fromAsync(sayTurn(chat, turn, createAbilities(), NEVER));
  const callId = await readTo(chat, 'content_block_start');
  await tools.waitForCalls([callId]);
  await delay(thoughtMs);
  const startedAt = performance.now();
  tools.answer({
    type: 'tool-result',
    callId,
    content: [{ type: 'text', text: 'Seen.' }],
    isError: false,
  });
  await readTo(chat, 'message_stop'); // of the call
  await readTo(chat, 'content_block_delta');
  const timeMs = performance.now() - startedAt;
  await process.end();
  return timeMs;
}

/** Takes the lines up to an event of this type; returns the id of the call, if it is one. */
async function readTo({ lines }: ChatProcess, type: string): Promise<string> {
  for await (const line of lines) {
    if (line.type !== 'stream_event' || line.event.type !== type) continue;
    const block = line.event.type === 'content_block_start' && line.event.content_block;
    return block && block.type === 'tool_use' ? block.id : '';
  }
  throw new Error('The CLI process ended.');
}
