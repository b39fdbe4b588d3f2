import type { Readable } from 'node:stream';

import { execa } from 'execa';

import { type ControlChannel, createControlChannel } from './control-channel.ts';
import { createLineQueue } from './lines.ts';
import { type CliLine, type RateLimitInfo, readCliLine, type ResultLine } from './protocol.ts';
import { splitLines } from '../../common/split-lines.ts';

/** Lines read ahead of the reader of `lines`; beyond that the CLI's stdout is left to fill up. */
const LINES_READ_AHEAD = 64;
const STDERR_KEPT_CHARACTERS = 4096;
const GRACE_MS = 1000;

export type ProcessLaunch = {
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  folder: string;
  /** Called when the CLI retries an API call, with the status that the API answered. Default: nothing. */
  onApiRetry?: (status: number | undefined) => void;
  /** Called when the CLI tells how far the account's plan is used up. Default: nothing. */
  onRateLimit?: (info: RateLimitInfo) => void;
  /** Called when the CLI has written its first line. Default: nothing. */
  onUp?: () => void;
};

/** One CLI process that speaks JSON lines both ways. It leads a process group of its own. */
export type CliProcess = Pick<ControlChannel, 'request' | 'reply' | 'serve'> & {
  pid: number | undefined;
  /** What the CLI writes from now on, control lines that somebody answers aside. May be iterated again for each turn. */
  lines: () => AsyncIterable<CliLine>;
  send(line: object): void;
  /** Registers the listener of the lines that end turns, read or not; the last one counts. */
  onResult: (listener: (line: ResultLine) => void) => void;
  /**
   * Interrupts what is going on and closes stdin, upon which the CLI cleans up and exits (30–50 ms
   * measured); kills the whole process group if that takes longer than `graceMs`. Whoever reads `lines`
   * is released at once.
   */
  end(graceMs?: number): Promise<void>;
  /** Resolves when the process is gone, with a sentence that says how. */
  exited: Promise<string>;
};

/** Starts one CLI process. When it cannot be started, `exited` resolves early. */
export function createCliProcess(launch: ProcessLaunch): CliProcess {
  const child = startChild(launch);
  const stderr = keepTail(child.stderr, STDERR_KEPT_CHARACTERS);
  const inbox = createLineQueue<CliLine>(LINES_READ_AHEAD);
  const control = createControlChannel(send);
  let isUp = false;
  let isEnding = false;
  let noteResult: ((line: ResultLine) => void) | undefined;
  child.stdin.on('error', () => {
    // The process is gone; `exited` says why.
  });

  const exited = child.then((result) => toExitSentence(result, stderr()));
  void exited.then(control.close);

  // A process whose output cannot be read is of no use.
  void readLines(child.stdout, receive)
    .catch(() => end(0))
    .finally(() => inbox.end());
  const { request, reply, serve } = control;
  const onResult: CliProcess['onResult'] = (listener) => {
    noteResult = listener;
  };
  return { pid: child.pid, lines: inbox.items, send, request, reply, serve, onResult, end, exited };

  /** Returns a promise when the next line has to wait until there is room for it. */
  function receive(line: CliLine) {
    if (!isUp) launch.onUp?.();
    isUp = true;
    if (control.receive(line)) return undefined;
    if (line.type === 'system' && line.subtype === 'api_retry') {
      launch.onApiRetry?.(line.error_status ?? undefined);
    }
    if (line.type === 'rate_limit_event') launch.onRateLimit?.(line.rate_limit_info);
    if (line.type === 'result') noteResult?.(line);
    return inbox.push(line);
  }

  function send(line: object) {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  async function end(graceMs = GRACE_MS) {
    if (!isEnding) {
      isEnding = true;
      control.close('it was told to leave');
      control.request({ subtype: 'interrupt' }).catch(() => undefined);
      child.stdin.end();
      inbox.end();
    }
    const grace = setTimeout(killGroup, graceMs, child.pid);
    await exited;
    clearTimeout(grace);
    killGroup(child.pid);
  }
}

function startChild({ command, args, environment, folder }: ProcessLaunch) {
  return execa(command, args, {
    cwd: folder,
    env: environment,
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
}

/** Hands each line on; the next one is read when there is room for it. */
async function readLines(
  stdout: Readable,
  receive: (line: CliLine) => Promise<void> | undefined,
): Promise<void> {
  for await (const texts of splitLines(stdout)) {
    for (const text of texts) {
      const line = readCliLine(text);
      const room = line && receive(line);
      if (room) await room;
    }
  }
}

/** The CLI starts children of its own, so the group goes, not the process alone. */
function killGroup(pid: number | undefined) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

function keepTail(stream: Readable, length: number) {
  let tail = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    tail = (tail + text).slice(-length);
  });
  return () => tail.trim();
}

function toExitSentence(result: Parameters<typeof describeExit>[0], stderr: string) {
  return `The claude CLI ended (${describeExit(result)})${stderr && `: ${stderr}`}`;
}

function describeExit(result: {
  exitCode?: number | undefined;
  signal?: string | undefined;
  originalMessage?: string | undefined;
}) {
  if (result.signal) return `signal ${result.signal}`;
  if (result.exitCode !== undefined) return `exit code ${result.exitCode}`;
  return result.originalMessage ?? 'it could not be started';
}
