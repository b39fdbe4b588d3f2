import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { FileChanges, SessionPlace, SessionWork } from '../../backend.ts';
import type { AgentOptions } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { type LaunchBase, toAgentLaunch } from '../launch/launch.ts';
import type { CliProcess } from '../process/cli-process.ts';
import { processEnded } from '../process/failures.ts';
import { toUserLine } from '../process/input-lines.ts';
import type { OpenProcess } from '../process/processes.ts';

type SessionWorkParts = { openProcess: OpenProcess; base: LaunchBase };

/** The answer to `rewind_files` (CLI 2.1.330); only a dry run tells what changes. */
const Rewound = z.object({
  canRewind: z.boolean(),
  filesChanged: z.array(z.string()).default([]),
  insertions: z.number().default(0),
  deletions: z.number().default(0),
});

/** For a process that asks nobody anything and uses no tool. */
const NO_RUN: AgentOptions = {
  session: undefined,
  allowedTools: [],
  disallowedTools: [],
  workingDirectory: undefined,
  checkpoints: true,
  permissionMode: 'dontAsk',
  systemPrompt: undefined,
  appendSystemPrompt: undefined,
  maxTurns: undefined,
  maxBudgetUsd: undefined,
};

/** Works on sessions with a CLI process that has resumed them, without asking a model. */
export function createSessionWork({ openProcess, base }: SessionWorkParts): SessionWork {
  async function withProcess<Result>(
    session: SessionPlace,
    args: readonly string[],
    signal: AbortSignal,
    use: (process: CliProcess) => Promise<Result>,
  ): Promise<Result> {
    const launch = toLaunch(session, base);
    const process = await openProcess({ ...launch, args: [...launch.args, ...args] }, signal);
    const endProcess = () => void process.end();
    signal.addEventListener('abort', endProcess, { once: true });
    try {
      signal.throwIfAborted();
      return await use(process);
    } catch (error) {
      throw signal.aborted ? signal.reason : toClearError(error);
    } finally {
      signal.removeEventListener('abort', endProcess);
      await process.end();
    }
  }

  return {
    rewindFiles: (session, { messageId, isDryRun }, signal) =>
      withProcess(session, [], signal, async (process) => {
        const asked = { subtype: 'rewind_files', user_message_id: messageId, dry_run: isDryRun };
        return toChanges(Rewound.parse(await process.request(asked)));
      }),
    fork: (session, newId, signal) =>
      withProcess(session, ['--fork-session', `--session-id=${newId}`], signal, saveSession),
  };
}

function toLaunch({ id, model, workingDirectory }: SessionPlace, base: LaunchBase) {
  const agent = { ...NO_RUN, session: { id, isNew: false } };
  return toAgentLaunch({ model, effort: undefined, tools: [] }, agent, base, workingDirectory);
}

/** The CLI saves a session only at its first message (CLI 2.1.330), so one is sent, and then rewound. */
async function saveSession(process: CliProcess) {
  const recorded = Promise.withResolvers<void>();
  process.onResult(() => recorded.resolve());
  await process.request({ subtype: 'initialize' });
  const id = randomUUID();
  process.send(toUserLine('This conversation was copied.', id, { isHistory: true }));
  const ended = process.exited.then((sentence) => {
    throw processEnded(sentence);
  });
  await Promise.race([recorded.promise, ended]);
  await process.request({
    subtype: 'rewind_conversation',
    target_message_uuid: id,
    last_seen_user_message_uuid: id,
  });
}

function toChanges({ canRewind, filesChanged, ...lines }: z.infer<typeof Rewound>): FileChanges {
  if (canRewind) return { files: filesChanged, ...lines };
  throw new RunError(
    'not-found',
    'Of this message it was not noted how files were: its run needs `checkpoints`, and the id is that of a message of the user’s.',
    { param: 'since' },
  );
}

/** What the CLI says when the transcript is gone. */
function toClearError(error: unknown) {
  const cause = error instanceof RunError ? error.cause : undefined;
  if (typeof cause !== 'string' || !cause.includes('No conversation found')) return error;
  return new RunError('not-found', 'The transcript of this session is gone.', { cause });
}
