import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createCliProcess } from '../src/claude/process/cli-process.ts';
import { bindProcess } from '../src/claude/chat/bind.ts';
import { type ChatProcess, sayTurn } from '../src/claude/chat/chat-process.ts';
import type { ChatTurn } from '../src/claude/chat/chat-turn.ts';
import { toChatLaunch } from '../src/claude/launch/launch.ts';
import type { OpenProcess } from '../src/claude/process/processes.ts';
import { createResumeChat } from '../src/claude/chat/histories/resume-chat.ts';
import {
  createAbilities,
  toChatRequest,
  toExchange,
  toTurn,
} from '../tests/claude/chat-request.ts';
import { CLAUDE, type Stage } from './processes.ts';
import { toMedian } from './statistics.ts';

/** The two ways in which a history gets into a process, by its length; first token, in milliseconds. */
export type HistoryRow = { messages: number; replayedMs: number; resumedMs: number };

const NEVER = new AbortController().signal;
const ABILITIES = createAbilities({ toModelId: () => 'claude-sonnet-5-5' });

/** Shows from which length on a transcript wins; the server learns it (`history-pace.ts`). */
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
    readAbilities: () => Promise.resolve(ABILITIES),
  });
  const rows: HistoryRow[] = [];
  try {
    for (const messages of lengths) {
      const [replayed, resumed]: [number[], number[]] = [[], []];
      for (let round = 0; round < histories; round += 1) {
        const turn = createTurn(messages);
        const process = await open(profile, NEVER);
        await process.request({ subtype: 'list_models' }); // it is up
        const spare = { process, settings: undefined, isBound: false };
        replayed.push(await time(turn, () => bindProcess(spare, turn)));
        resumed.push(await time(turn, () => resume(turn, NEVER)));
      }
      rows.push({ messages, replayedMs: toMedian(replayed), resumedMs: toMedian(resumed) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return rows;
}

function createOpen(): OpenProcess {
  return (profile) => Promise.resolve(createCliProcess({ ...profile, command: CLAUDE }));
}

async function time(turn: ChatTurn, openChat: () => Promise<ChatProcess | undefined>) {
  const startedAt = performance.now();
  const chat = await openChat();
  if (!chat) throw new Error('The CLI did not take the history.');
  await Array.fromAsync(sayTurn(chat, turn, ABILITIES, NEVER));
  await readFirstDelta(chat);
  const timeMs = performance.now() - startedAt;
  await chat.process.end();
  return timeMs;
}

/** Resolves when the process has begun to answer. */
export async function readFirstDelta({ lines }: ChatProcess) {
  for (let line = await lines.peek(); line; line = await lines.peek()) {
    if (line.type === 'stream_event' && line.event.type === 'content_block_delta') return;
    lines.skip();
  }
}

function createTurn(earlier: number): ChatTurn {
  const texts = Array.from(
    { length: earlier + 1 },
    (_, index) => `Message ${index} of a long conversation.`,
  );
  const request = toChatRequest({ instructions: ['Be brief.'], messages: toExchange(...texts) });
  return toTurn(request, ABILITIES);
}
