import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { RunRequest } from '../src/run.ts';
import { createAgentProcess } from '../src/claude/process/cli-process.ts';
import { bindProcess, type ChatProcess, sayRequest } from '../src/claude/chat/chat-process.ts';
import { createClientTools } from '../src/claude/chat/client-tools.ts';
import { toChatLaunch } from '../src/claude/launch/launch.ts';
import type { OpenProcess } from '../src/claude/process/processes.ts';
import { createResumeChat } from '../src/claude/chat/resume-chat.ts';
import { say, toChatRequest } from '../tests/claude/chat-request.ts';
import { CLAUDE, type Stage } from './processes.ts';
import { toMedian } from './statistics.ts';

/** The two ways in which a history gets into a process, by its length; first token, in milliseconds. */
export type HistoryRow = { messages: number; replayedMs: number; resumedMs: number };

const NEVER = new AbortController().signal;

/** Shows from which length on a transcript wins (`MOST_REPLAYED` in `open-chat.ts`). */
export async function measureHistories(
  { claudeEnvironment }: Stage,
  { histories, lengths }: { histories: number; lengths: readonly number[] },
): Promise<HistoryRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'w-'));
  const profile = toChatLaunch({ environment: claudeEnvironment, loginArgs: [] }, folder);
  const open = createOpen();
  const resume = createResumeChat({
    openProcess: open,
    profile,
    openTemporary: () => ({ path: folder, remove: () => Promise.resolve() }),
    toModelId: () => 'claude-sonnet-5-5',
  });
  const rows: HistoryRow[] = [];
  try {
    for (const messages of lengths) {
      const [replayed, resumed]: [number[], number[]] = [[], []];
      for (let round = 0; round < histories; round += 1) {
        const request = toRequest(messages);
        const process = await open(profile, NEVER);
        await process.request({ subtype: 'list_models' }); // it is up
        const tools = createClientTools([]);
        replayed.push(
          await time(request, () => bindProcess({ process, settings: undefined }, tools, request)),
        );
        resumed.push(await time(request, () => resume(request, tools, NEVER)));
      }
      rows.push({ messages, replayedMs: toMedian(replayed), resumedMs: toMedian(resumed) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return rows;
}

function createOpen(): OpenProcess {
  return (profile) => Promise.resolve(createAgentProcess({ ...profile, command: CLAUDE }));
}

async function time(request: RunRequest, openChat: () => Promise<ChatProcess | undefined>) {
  const startedAt = performance.now();
  const chat = await openChat();
  if (!chat) throw new Error('The CLI did not take the history.');
  await Array.fromAsync(sayRequest(chat, request, NEVER));
  await readFirstDelta(chat);
  const timeMs = performance.now() - startedAt;
  await chat.process.end();
  return timeMs;
}

async function readFirstDelta({ lines }: ChatProcess) {
  for (let line = await lines.peek(); line; line = await lines.peek()) {
    if (line.type === 'stream_event' && line.event.type === 'content_block_delta') return;
    lines.skip();
  }
}

function toRequest(earlier: number): RunRequest {
  return toChatRequest({
    instructions: ['Be brief.'],
    messages: Array.from({ length: earlier + 1 }, (_, index) =>
      say(index % 2 === 0 ? 'user' : 'assistant', `Message ${index} of a long conversation.`),
    ),
  });
}
