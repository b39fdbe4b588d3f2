import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export type Program = {
  pid: number;
  url: string;
  /** The key that the banner shows, if it is a new one. */
  key: string;
  /** How it ended: its exit code, or the signal. */
  exited: Promise<number | string>;
  /** Whatever it wrote so far, to stdout and stderr. */
  readonly output: string;
};

/**
 * Starts a program that serves, as leader of a process group of its own, and reads its banner up to
 * `hasStarted`, by default the curl line, the last one. Throws with its output when it ends before.
 */
export async function startProgram(
  command: string,
  args: readonly string[],
  {
    hasStarted = /^curl .*\n/m,
    ...options
  }: { cwd: string; env: Record<string, string | undefined>; hasStarted?: RegExp | undefined },
): Promise<Program> {
  const child = spawn(command, args, {
    ...options,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const banner = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
      if (hasStarted.test(output)) banner.resolve();
    });
  }
  const exited = toExit(child);
  void exited.then((how) => banner.reject(new Error(`It ended (${how}): ${output}`)));
  await banner.promise;
  return {
    pid: child.pid ?? 0,
    url: /listens on (\S+)/.exec(output)?.[1] ?? '',
    key: /^Key: (ccp-\S+)/m.exec(output)?.[1] ?? '',
    exited,
    get output() {
      return output;
    },
  };
}

/** Ends a program and all of its group, if it still runs. */
export async function endProgram({ pid, exited }: Program): Promise<void> {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
  await exited;
}

async function toExit(
  child: ChildProcessByStdio<null, Readable, Readable>,
): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]; // as Node documents it
  return code ?? signal ?? 'unknown';
}
