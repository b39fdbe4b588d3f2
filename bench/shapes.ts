import { setTimeout as delay } from 'node:timers/promises';

import { readRssBytes } from '../src/claude/process/system-processes.ts';
import { answerDirectly } from './answer-directly.ts';
import { askMany, askProxy, openAnswer, toPrompt } from './ask.ts';
import { type Stage, withStage } from './processes.ts';
import { readOwnCpuMs } from './read-cpu.ts';
import { toMedian } from './statistics.ts';

/** A figure that has to keep to a bound, whatever `claude -p` does. */
export type Shape = {
  work: string;
  unit: 'MB' | 'KB' | 'ms' | '%' | 'requests/s' | '×';
  figure: number;
  wanted: string;
};

type ShapeRounds = { each: number; waiting: number; requests: number; watchMs: number };

/** A tool's own time, in milliseconds: the CLI asks for a call a moment after the answer is out. */
const THOUGHT_MS = 100;

export async function measureShapes(rounds: ShapeRounds): Promise<Shape[]> {
  const shapes: Shape[] = [];
  for (const measure of [measureMemory, measureTools, measureQueue, measureCancel]) {
    shapes.push(...(await measure(rounds)));
  }
  return shapes;
}

/** The proxy alone, without the CLI processes: idle, and after many requests. */
function measureMemory({ requests }: ShapeRounds): Promise<Shape[]> {
  return withStage({}, async (stage) => {
    const hello = () => askProxy(stage, { system: 'Be brief.', messages: toPrompt('Say hello.') });
    await hello();
    await stage.waitUntilQuiet();
    const idle = readRssMb(stage);
    await askMany(Math.ceil(requests / 10), hello);
    const early = readRssMb(stage);
    await askMany(requests, hello);
    return [
      { work: 'the proxy’s own memory, idle', unit: 'MB', figure: idle, wanted: '≤ 90' },
      {
        work: `its growth over ${requests} requests, after the first ${Math.ceil(requests / 10)}`,
        unit: '%',
        figure: (readRssMb(stage) / early - 1) * 100,
        wanted: '≤ 10',
      },
    ];
  });
}

/** From the request with a tool's result to the first token. */
function measureTools({ each }: ShapeRounds): Promise<Shape[]> {
  return withStage({}, async (stage) => {
    const extra = { tools: [{ name: 'look', input_schema: { type: 'object' } }] };
    const [times, direct]: [number[], number[]] = [[], []];
    for (let index = 0; index < each; index += 1) {
      await stage.waitUntilQuiet();
      direct.push(await answerDirectly(stage, THOUGHT_MS));
      const messages = toPrompt(`Look. (${index})`);
      const answer = await (await openAnswer(stage, { messages, extra })).text();
      const id = /"id":"(toolu_\w+)"/.exec(answer)?.[1];
      await delay(THOUGHT_MS);
      const followUp = [
        ...messages,
        { role: 'assistant', content: [{ type: 'tool_use', id, name: 'look', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'Seen.' }] },
      ];
      times.push((await askProxy(stage, { messages: followUp, extra })).firstTokenMs);
    }
    return [
      {
        work: 'first token after the results of suspended tool calls',
        unit: 'ms',
        figure: toMedian(times),
        wanted: '≤ 60',
      },
      {
        work: 'the same of a CLI process with nobody in front of it',
        unit: 'ms',
        figure: toMedian(direct),
        wanted: 'to compare',
      },
    ];
  });
}

/** What those cost who wait: memory with many of them, processor time with 200. */
function measureQueue({ waiting, watchMs }: ShapeRounds): Promise<Shape[]> {
  const settings = { MAX_QUEUE_SIZE: String(2 * waiting), QUEUE_TIMEOUT_MS: '280000' };
  return withStage(settings, async (stage) => {
    const leaving = new AbortController();
    const hold = (name: string) =>
      openAnswer(stage, { messages: toPrompt(`hold=${name}`), signal: leaving.signal })
        .then((answer) => answer.text())
        .catch(() => '');
    const held = ['a', 'b'].map(hold);
    await delay(3000);
    const few = Array.from({ length: Math.min(200, waiting) }, (_, index) => hold(`c${index}`));
    await delay(3000);
    const before = readOwnCpuMs(stage.proxyPid);
    await delay(watchMs);
    const share = ((readOwnCpuMs(stage.proxyPid) - before) / watchMs) * 100;
    const many = Array.from({ length: waiting - few.length }, (_, index) => hold(`d${index}`));
    await delay(5000);
    const memory = readRssMb(stage);
    leaving.abort();
    await Promise.all([...held, ...few, ...many]);
    return [
      {
        work: `processor time with ${few.length} requests waiting, of one core`,
        unit: '%',
        figure: share,
        wanted: '≤ 5',
      },
      {
        work: `memory with ${waiting} requests waiting`,
        unit: 'MB',
        figure: memory,
        wanted: '≤ 160',
      },
    ];
  });
}

/** From a caller's leaving, with 8 streams open, to the model's seeing it. */
function measureCancel({ each }: ShapeRounds): Promise<Shape[]> {
  const settings = { WORKER_CONCURRENCY: '8', WARM_PROCESSES: '0' };
  return withStage(settings, async (stage) => {
    const times: number[] = [];
    for (let round = 0; round < Math.ceil(each / 8); round += 1) {
      const names = Array.from({ length: 8 }, (_, index) => `r${round}n${index}`);
      const streams = await Promise.all(names.map((name) => openHeld(stage, name)));
      for (const { name, leaving } of streams) {
        const leftAt = Date.now();
        leaving.abort();
        times.push((await stage.waitUntilClosed(name)) - leftAt);
      }
    }
    return [
      {
        work: 'a cancelled stream, with 8 open, closes upstream within',
        unit: 'ms',
        figure: toMedian(times),
        wanted: '≤ 200',
      },
    ];
  });
}

/** Shapes, one a line. */
export function toShapeTable(shapes: readonly Shape[]): string {
  return `| shape | figure | wanted |
| --- | --- | --- |
${shapes.map(toShapeLine).join('\n')}`;
}

/** As a line of the table. */
export function toShapeLine({ work, unit, figure, wanted }: Shape): string {
  return `| ${work} | ${figure.toFixed(1)} ${unit} | ${wanted} |`;
}

/** A stream whose first token has come and whose end will not. */
async function openHeld(stage: Stage, name: string) {
  const leaving = new AbortController();
  const messages = toPrompt(`hold=${name}`);
  const answer = await openAnswer(stage, { messages, signal: leaving.signal });
  let text = '';
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes('text_delta')) text += (await reader?.read())?.value ?? '';
  return { name, leaving };
}

/** The memory of the proxy alone. */
export function readRssMb({ proxyPid }: Pick<Stage, 'proxyPid'>): number {
  return (readRssBytes(proxyPid) ?? Number.NaN) / 2 ** 20;
}
