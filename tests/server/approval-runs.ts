import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { MessagesBody } from '../../src/demo/messages-body.ts';
import type { Answer } from '../../src/demo/model-server.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { startRun, type Told } from '../support/follow-run.ts';
import type { Proxy } from '../support/start-proxy.ts';

type Stored = { id: string; state: string; answer: Record<string, unknown> | null };

/** What the user, or a tool, said last. */
export const lastSaid = ({ messages }: MessagesBody): string =>
  JSON.stringify(messages.findLast(({ role }) => role === 'user')?.content);

/** A call of the shell. */
export const bash = (command: string): ReturnType<typeof toolReply> =>
  toolReply([{ name: 'Bash', input: { command, description: 'work' } }]);

/** A model that runs these commands one after the other, and says what the last one said. */
export const running = (...commands: readonly string[]): Answer => {
  let next = 0;
  return (body) => {
    const command = commands[next];
    next += 1;
    return command === undefined ? textReply(`I saw: ${lastSaid(body)}`) : bash(command);
  };
};

/** Runs that ask for leave, at the proxy that `getProxy` gives. */
export function approvalRuns(getProxy: () => Proxy): {
  start: (body?: object) => ReturnType<typeof startRun>;
  /** Answers what a run waits for. */
  say: (id: string, input: Told, answer: object) => Promise<Response>;
  read: (id: string) => Promise<Stored>;
  /** The files in the workspace. */
  made: () => Promise<string[]>;
} {
  return {
    start: (body) => startRun(getProxy(), body),
    say: (id, input, answer) => getProxy().send(`/api/runs/${id}/approvals/${input.id}`, answer),
    async read(id) {
      const response = await getProxy().send(`/api/runs/${id}`);
      return (await response.json()) as Stored; // what it holds is looked at in the tests
    },
    made: () => readdir(join(getProxy().folder, 'workspace')),
  };
}
