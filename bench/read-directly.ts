import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { toUserLine } from '../src/claude/process/input-lines.ts';
import { readTiming, type Timing } from './ask.ts';
import { INITIALIZE, spawnClaude } from './live-process.ts';
import type { Stage } from './processes.ts';
import { readTreeCpuMs } from './read-cpu.ts';

/** Time for a process to come up before it is asked: only the answer is timed, in milliseconds. */
const START_MS = 3000;

/** A CLI process as the proxy runs it, with nobody between: its stdout is read and that is all. */
export async function readDirectly(
  stage: Stage,
  prompt: string,
): Promise<Timing & { cpuMs: number }> {
  const { child, write } = spawnClaude(stage);
  await delay(START_MS);
  const pid = child.pid ?? 0;
  const cpuBeforeMs = readTreeCpuMs(pid);
  const startedAt = performance.now();
  write(INITIALIZE);
  write(toUserLine(prompt, crypto.randomUUID()));
  const timing = await readTiming(
    endingWith(child.stdout, '"message_stop"'),
    startedAt,
    '"text_delta"',
    '"message_stop"',
  );
  const cpuMs = readTreeCpuMs(pid) - cpuBeforeMs;
  child.stdin.end();
  await once(child, 'exit');
  return { ...timing, cpuMs };
}

/** The chunks up to a mark; the process stays up behind it. */
async function* endingWith(chunks: AsyncIterable<Uint8Array>, mark: string) {
  let tail = '';
  for await (const chunk of chunks) {
    yield chunk;
    tail = (tail + Buffer.from(chunk).toString('latin1')).slice(-1000);
    if (tail.includes(mark)) return;
  }
}
