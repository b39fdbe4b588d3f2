import { randomUUID } from 'node:crypto';

import { RunError } from '../run-error.ts';
import type { AgentOptions, Message, Run, RunRequest } from '../run.ts';
import type { Sessions } from '../sessions/session-book.ts';
import type { SessionTurn } from '../sessions/session-turn.ts';

const TITLE_LENGTH = 80;

/** The id for a new session, which may be that of a process started ahead for it. */
export type CreateId = (request: RunRequest, agent: AgentOptions) => Promise<string>;

type Place = { turn: SessionTurn; workingDirectory: string };

/**
 * Puts each agent's run into a session, the caller's own or a new one, which it holds until its stream
 * has ended. Stands behind `withWorkingDirectory`. Throws `not-found`, and `invalid-request` for a
 * session that began in another folder.
 */
export function withSessions(
  run: Run,
  sessions: Sessions,
  createId: CreateId = () => Promise.resolve(randomUUID()),
): Run {
  return (request, signal) => {
    const { agent } = request;
    return agent === undefined ? run(request, signal) : runInSession(request, agent, signal);
  };

  async function* runInSession(
    request: RunRequest,
    agent: AgentOptions,
    signal: AbortSignal,
  ): ReturnType<Run> {
    const { turn, workingDirectory } = await (agent.session === undefined
      ? beginSession(sessions, request, agent, createId)
      : resumeSession(sessions, request, agent, agent.session.id, signal));
    try {
      const session = { id: turn.id, isNew: agent.session === undefined };
      const placed = { ...request, agent: { ...agent, session, workingDirectory } };
      for await (const event of run(placed, signal)) {
        if (event.type !== 'run-start') {
          yield event;
          continue;
        }
        await turn.started(event.model);
        yield { ...event, sessionId: turn.id };
      }
    } finally {
      await turn.end();
    }
  }
}

async function beginSession(
  sessions: Sessions,
  request: RunRequest,
  agent: AgentOptions,
  createId: CreateId,
): Promise<Place> {
  const { workingDirectory } = agent;
  if (workingDirectory === undefined) {
    throw new RunError('internal', 'A new session was given no working directory.');
  }
  const turn = await sessions.begin({
    id: await createId(request, agent),
    keyId: request.caller.keyId,
    workingDirectory,
    title: toTitle(request.messages),
  });
  return { turn, workingDirectory };
}

async function resumeSession(
  sessions: Sessions,
  { caller }: RunRequest,
  { workingDirectory: wanted }: AgentOptions,
  id: string,
  signal: AbortSignal,
): Promise<Place> {
  const session = await sessions.get(id, caller.keyId);
  const { workingDirectory } = session;
  if (wanted !== undefined && wanted !== workingDirectory) {
    throw new RunError(
      'invalid-request',
      'This session began in another working directory and can only go on there.',
      { param: 'workingDirectory' },
    );
  }
  return { turn: await sessions.resume(session, signal), workingDirectory };
}

/** How the prompt begins, on one line. */
function toTitle(messages: readonly Message[]): string {
  const line = (messages.at(-1)?.parts ?? [])
    .map((part) => (part.type === 'text' ? part.text.slice(0, 1_000) : ''))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  // By what a reader sees as one character: half of an emoji is no text.
  const characters = [...new Intl.Segmenter().segment(line)].map(({ segment }) => segment);
  return characters.length <= TITLE_LENGTH
    ? line
    : `${characters.slice(0, TITLE_LENGTH - 1).join('')}…`;
}
