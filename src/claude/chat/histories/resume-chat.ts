import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Message } from '../../../run.ts';
import type { ReadAbilities } from '../abilities.ts';
import { bindProcess } from '../bind.ts';
import { type ChatProcess, hold, rewindTo } from '../chat-process.ts';
import type { ChatTurn } from '../chat-turn.ts';
import { toFingerprint } from '../fingerprint.ts';
import type { HistoryPace } from './history-pace.ts';
import type { LaunchProfile } from '../../launch/launch.ts';
import { endWhenAborted } from '../../process/end-when-aborted.ts';
import type { OpenProcess } from '../../process/processes.ts';
import type { TemporaryFolder } from '../../process/scratch.ts';
import { toTranscript } from './transcript.ts';

/**
 * A new process that has read the request's history from a file. `undefined` when the CLI did not take
 * it, or the file could not be written: then the history has to be replayed.
 */
export type ResumeChat = (turn: ChatTurn, signal: AbortSignal) => Promise<ChatProcess | undefined>;

export type ResumeChatOptions = {
  openProcess: OpenProcess;
  profile: LaunchProfile;
  openTemporary: () => TemporaryFolder;
  readAbilities: ReadAbilities;
  /** Told how long each took that was read. Default: nobody. */
  noteResumed?: HistoryPace['noteResumed'];
};

/** Added after the history and taken back: that the CLI can do so shows that it has read the file. */
const LAST_LINE: Message = { role: 'user', parts: [{ type: 'text', text: 'The end.' }] };

/** Time for a process that has just started to read its file, in milliseconds. */
const READ_MS = 10_000;

/** After this many milliseconds the CLI is asked again: the machine may only have been too busy. */
const AFTER_REFUSAL_MS = 10 * 60_000;

export function createResumeChat({
  openProcess,
  profile,
  openTemporary,
  readAbilities,
  noteResumed = () => {},
}: ResumeChatOptions): ResumeChat {
  /** A CLI that does not take the file will hardly take the next one. */
  let refusedUntilMs = -Infinity;

  return async (turn, signal) => {
    const startedAt = performance.now();
    const { canRewind, toModelId } = await readAbilities();
    // With any other name for its model, the CLI would note a change of model in the conversation.
    const model = toModelId(turn.request.model);
    const isRefused = performance.now() < refusedUntilMs;
    if (isRefused || !canRewind || model === undefined) return undefined;
    const history = turn.request.messages.slice(0, -1);
    const sessionId = randomUUID();
    const { text, held } = toTranscript([...history, LAST_LINE], {
      sessionId,
      model,
      folder: profile.folder,
    });
    return withFile(`${sessionId}.jsonl`, text, openTemporary, async (file) => {
      const process = await openProcess(withArg(profile, `--resume=${file}`), signal);
      using _ending = endWhenAborted(process, signal);
      try {
        signal.throwIfAborted();
        const chat = await bindProcess({ process, settings: undefined, isBound: false }, turn);
        held.forEach(({ message, uuid }, index) =>
          hold(chat, turn.fingerprints[index] ?? toFingerprint(message), uuid),
        );
        if (await rewindTo(chat, history.length, READ_MS)) {
          noteResumed(performance.now() - startedAt);
          return chat;
        }
      } catch {
        // The lines below throw the signal's reason, or say that there is no process.
      }
      void process.end();
      signal.throwIfAborted();
      refusedUntilMs = performance.now() + AFTER_REFUSAL_MS;
      return undefined;
    });
  };
}

function withArg(profile: LaunchProfile, arg: string): LaunchProfile {
  return { ...profile, args: [...profile.args, arg] };
}

/** A file for as long as it is read, in a folder that goes with it. */
async function withFile<Result>(
  name: string,
  text: string,
  openTemporary: () => TemporaryFolder,
  use: (file: string) => Promise<Result>,
): Promise<Result | undefined> {
  let folder: TemporaryFolder | undefined;
  try {
    folder = openTemporary();
    const file = join(folder.path, name);
    await writeFile(file, text, { mode: 0o600 });
    return await use(file);
  } catch (error) {
    if (isSystemError(error)) return undefined; // no room on the disk, most likely
    throw error;
  } finally {
    void folder?.remove();
  }
}

function isSystemError(error: unknown) {
  return error instanceof Error && 'syscall' in error;
}
