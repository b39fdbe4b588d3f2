import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { toChatLaunch } from '../src/claude/launch/launch.ts';
import { toUserLine } from '../src/claude/process/input-lines.ts';
import { CLAUDE, type Stage } from './processes.ts';

/** A CLI process as the proxy runs it, with nobody in front of it. */
export type LiveProcess = {
  pid: number;
  /** One more turn of its conversation; resolves with the time to its first token, in milliseconds. */
  turn(prompt: string): Promise<number>;
  end(): Promise<void>;
};

/** Starts a process with the proxy's own arguments and environment. */
export function spawnClaude({ claudeEnvironment }: Stage) {
  const { args, environment, folder } = toChatLaunch(
    { environment: claudeEnvironment, loginArgs: [] },
    String(claudeEnvironment['HOME']),
  );
  const child = spawn(CLAUDE, args, {
    cwd: folder,
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const write = (line: object) => child.stdin.write(`${JSON.stringify(line)}\n`);
  return { child, write };
}

/** The first line that a process is told. */
export const INITIALIZE = {
  type: 'control_request',
  request_id: '1',
  request: { subtype: 'initialize', systemPrompt: ['Be brief.'] },
};

/** Resolves when the process has answered its first turn. */
export async function startLive(stage: Stage): Promise<LiveProcess> {
  const { child, write } = spawnClaude(stage);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const readTo = async (mark: string) => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error('The CLI process ended.');
      if (value.includes(mark)) return;
    }
  };
  const turn = async (prompt: string) => {
    const startedAt = performance.now();
    write(toUserLine(prompt, crypto.randomUUID()));
    await readTo('"text_delta"');
    const firstTokenMs = performance.now() - startedAt;
    await readTo('"type":"result"');
    return firstTokenMs;
  };
  write(INITIALIZE);
  await turn('Say hello.');
  return {
    pid: child.pid ?? 0,
    turn,
    async end() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
