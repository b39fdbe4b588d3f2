import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';

import { execa } from 'execa';

import { processEnded, toRefusalError } from './failures.ts';
import {
  type CliLine,
  type ControlRequest,
  readCliLine,
  toControlRefusal,
  toControlRequest,
  toControlResponse,
} from './protocol.ts';
import { createLineQueue } from './line-queue.ts';
import { splitLines } from './split-lines.ts';

/** Lines read ahead of the one who listens; past that the CLI's stdout is left to fill up. */
const LINES_READ_AHEAD = 64;
const STDERR_KEPT_CHARACTERS = 4096;
const GRACE_MS = 1000;

export type ProcessLaunch = {
  command: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  folder: string;
  /** Told when the CLI tries an API call again, with the status of the answer. Default: nobody. */
  onApiRetry?: (status: number | undefined) => void;
  /** Told when the CLI has said its first line. Default: nobody. */
  onUp?: () => void;
};

/**
 * Answers a control request, now or later, by calling `reply` with the response's body. Returns
 * whether it takes the request.
 */
export type ControlHandler = (
  request: ControlRequest,
  reply: (response: Record<string, unknown>) => void,
) => boolean;

/** One CLI process that speaks JSON lines both ways. It leads a process group of its own. */
export type CliProcess = {
  pid: number | undefined;
  /** What the CLI says from here on. Ends when the process does; may be iterated turn after turn. */
  lines: () => AsyncIterable<CliLine>;
  send(line: object): void;
  /** A control request and its reply. Throws `RunError` when the CLI refuses it or dies. */
  request(request: ControlRequest): Promise<unknown>;
  /** Who answers the control requests of the CLI's own; until then they are refused. */
  serve(handler: ControlHandler): void;
  /**
   * Interrupts what is going on and closes stdin, upon which the CLI puts its things in order and
   * leaves (30–50 ms measured); kills the whole group if it has not within `graceMs`. Whoever reads
   * `lines` is released at once.
   */
  end(graceMs?: number): Promise<void>;
  /** Resolves when the process is gone, with the sentence that says how. */
  exited: Promise<string>;
};

type Asked = { body: ControlRequest; reply: PromiseWithResolvers<unknown> };

/** Starts one CLI process. That it could not be started shows as an early `exited`. */
export function createCliProcess(launch: ProcessLaunch): CliProcess {
  const child = execa(launch.command, launch.args, {
    cwd: launch.folder,
    env: launch.environment,
    extendEnv: false,
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const stderr = keepTail(child.stderr, STDERR_KEPT_CHARACTERS);
  const inbox = createLineQueue<CliLine>(LINES_READ_AHEAD);
  const asked = new Map<string, Asked>();
  let isEnding = false;
  let isGone = false;
  let isUp = false;
  let handler: ControlHandler | undefined;
  child.stdin.on('error', () => {
    // The process is gone; `exited` tells why.
  });

  const exited = child.then(
    (result) => `The claude CLI ended (${describeExit(result)})${stderr() && `: ${stderr()}`}`,
  );

  void exited.then(giveUpAsking);

  // Whose output cannot be read is of no use.
  void pump()
    .catch(() => end(0))
    .finally(() => inbox.end());
  return { pid: child.pid, lines: inbox.items, send, request, serve, end, exited };

  async function pump() {
    for await (const texts of splitLines(child.stdout)) {
      for (const text of texts) {
        const line = readCliLine(text);
        if (line) noteUp();
        if (line?.type === 'control_response') settle(line.response);
        else if (line?.type === 'control_request') answer(line.request_id, line.request);
        else if (line) {
          if (line.type === 'system' && line.subtype === 'api_retry') {
            launch.onApiRetry?.(line.error_status ?? undefined);
          }
          const room = inbox.push(line);
          if (room) await room;
        }
      }
    }
  }

  function noteUp() {
    if (!isUp) launch.onUp?.();
    isUp = true;
  }

  function settle(response: Extract<CliLine, { type: 'control_response' }>['response']) {
    const { body, reply } = asked.get(response.request_id) ?? {};
    asked.delete(response.request_id);
    if (response.subtype === 'success') reply?.resolve(response.response);
    else if (body) reply?.reject(toRefusalError(body, response.error));
  }

  function answer(requestId: string, body: ControlRequest) {
    const reply = (response: Record<string, unknown>) =>
      send(toControlResponse(requestId, response));
    if (!handler?.(body, reply)) send(toControlRefusal(requestId, body.subtype));
  }

  function serve(newHandler: ControlHandler) {
    handler = newHandler;
  }

  function send(line: object) {
    if (child.stdin.writable) child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  function request(body: ControlRequest) {
    const reply = Promise.withResolvers<unknown>();
    const requestId = randomUUID();
    asked.set(requestId, { body, reply });
    send(toControlRequest(requestId, body));
    if (isGone) reply.reject(processEnded('it had ended before it was asked'));
    return reply.promise;
  }

  function giveUpAsking(cause: string) {
    isGone = true;
    for (const { reply } of asked.values()) reply.reject(processEnded(cause));
    asked.clear();
  }

  async function end(graceMs = GRACE_MS) {
    if (!isEnding) {
      isEnding = true;
      giveUpAsking('it was told to leave');
      request({ subtype: 'interrupt' }).catch(() => undefined);
      child.stdin.end();
      inbox.end();
    }
    const grace = setTimeout(killGroup, graceMs, child.pid);
    await exited;
    clearTimeout(grace);
    killGroup(child.pid);
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

function describeExit(result: {
  exitCode?: number | undefined;
  signal?: string | undefined;
  originalMessage?: string | undefined;
}) {
  if (result.signal) return `signal ${result.signal}`;
  if (result.exitCode !== undefined) return `exit code ${result.exitCode}`;
  return result.originalMessage ?? 'it could not be started';
}
