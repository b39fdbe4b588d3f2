import { ANSWER } from './answer.ts';
import { askClaude, askProxy, type Question, type Timing } from './ask.ts';
import type { Stage } from './processes.ts';
import { readDirectly } from './read-directly.ts';
import { toMedian, toQuantile } from './statistics.ts';

/** One line of the table: the proxy's figure beside that of `claude -p`, from the same minutes. */
export type Row = {
  work: string;
  unit: 'ms' | 'requests/s';
  proxy: Figure;
  claude: Figure;
  /** The proxy's median over the other. */
  ratio: number;
  /** What the ratio has to be. */
  wanted: string;
};

type Figure = { median: number; p95: number };

type Rounds = { each: number; load: number; deltas: number; streams: number };

type Scenario = (stage: Stage, rounds: Rounds) => Promise<Row>;

const PROMPT = 'Say hello.';
const CALLERS = 8;

let uniqueNumber = 0;

export const SCENARIOS: readonly Scenario[] = [
  (stage, { each }) =>
    compareFirstTokens(stage, each, {
      work: 'first token, one request on an idle server',
      wanted: '≤ 0.20',
      question: () => toQuestion([], `Be brief. ${unique()}`),
    }),
  (stage, { each }) =>
    compareFirstTokens(stage, each, {
      work: 'first token, next turn of a conversation',
      wanted: '≤ 0.08',
      question: createConversation(),
    }),
  (stage, { each }) =>
    compareFirstTokens(stage, each, {
      work: 'first token, an independent request with the same instructions',
      wanted: '≤ 0.08',
      question: () => toQuestion([], 'Be brief.'),
    }),
  (stage, { each }) =>
    compareFirstTokens(stage, each, {
      work: 'first token, a conversation of 100 messages that no process holds',
      wanted: '≤ 1.0',
      question: () => toQuestion(toHistory(99), `Be brief. ${unique()}`),
    }),
  (stage, { load }) =>
    compareLoads(stage, load, {
      work: '8 callers, same instructions',
      wanted: '≥ 9',
      question: () => toQuestion([], 'Be brief.'),
    }),
  (stage, { load }) =>
    compareLoads(stage, load, {
      work: '8 callers, all instructions different',
      wanted: '≥ 1.0',
      question: () => toQuestion([], `Be brief. ${unique()}`),
    }),
  compareStreams,
];

type Comparison = { work: string; wanted: string; question: () => Question };

async function compareFirstTokens(
  stage: Stage,
  count: number,
  comparison: Comparison,
): Promise<Row> {
  const [proxy, claude]: [number[], number[]] = [[], []];
  await askProxy(stage, comparison.question());
  for (let index = 0; index < count; index += 1) {
    await stage.waitUntilQuiet();
    claude.push((await askClaude(stage, PROMPT)).firstTokenMs);
    proxy.push((await askProxy(stage, comparison.question())).firstTokenMs);
  }
  return toRow(comparison, 'ms', proxy, claude);
}

/** Interleaved in short bursts, so that both meet the same noise of the machine. */
async function compareLoads(stage: Stage, count: number, comparison: Comparison): Promise<Row> {
  const [proxy, claude]: [number[], number[]] = [[], []];
  for (let burst = 0; burst < 3; burst += 1) {
    await stage.waitUntilQuiet();
    claude.push(await measureRate(Math.ceil(count / 8), () => askClaude(stage, PROMPT)));
    proxy.push(await measureRate(count, () => askProxy(stage, comparison.question())));
  }
  return toRow(comparison, 'requests/s', proxy, claude);
}

/** The whole time of one long answer, beside a process of which nobody does more than read the output. */
async function compareStreams(stage: Stage, { deltas, streams }: Rounds): Promise<Row> {
  const [proxy, direct]: [number[], number[]] = [[], []];
  const messages = [{ role: 'user', content: `Write deltas=${deltas}.` }];
  const ask = () => askProxy(stage, { system: 'Be brief.', messages });
  await ask();
  for (let index = 0; index < streams; index += 1) {
    await stage.waitUntilQuiet();
    direct.push(toLength(await readDirectly(stage, `Write deltas=${deltas}.`)));
    proxy.push(toLength(await ask()));
  }
  const work = `${deltas} deltas in one stream, beside reading the CLI directly`;
  return toRow({ work, wanted: '≤ 1.15' }, 'ms', proxy, direct);
}

/** From the first token to the last: how soon that one came is measured elsewhere. */
function toLength({ totalMs, firstTokenMs }: Timing) {
  return totalMs - firstTokenMs;
}

async function measureRate(count: number, ask: () => Promise<Timing>): Promise<number> {
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (left > 0) {
        left -= 1;
        await ask();
      }
    }),
  );
  return (count * 1000) / (performance.now() - startedAt);
}

function toRow(
  { work, wanted }: Pick<Comparison, 'work' | 'wanted'>,
  unit: Row['unit'],
  proxy: readonly number[],
  claude: readonly number[],
): Row {
  const ratio = toMedian(proxy) / toMedian(claude);
  return { work, unit, proxy: toFigure(proxy), claude: toFigure(claude), ratio, wanted };
}

function toFigure(values: readonly number[]): Figure {
  return { median: toMedian(values), p95: toQuantile(values, 0.95) };
}

function toQuestion(history: readonly object[], system: string): Question {
  return { system, messages: [...history, { role: 'user', content: PROMPT }] };
}

function toHistory(count: number): object[] {
  return Array.from({ length: count - (count % 2) }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${index} of a long conversation.`,
  }));
}

/** Each question continues the one before. */
function createConversation(): () => Question {
  const messages: object[] = [];
  const system = `Be brief. ${unique()}`;
  return () => {
    const question = { system, messages: [...messages, { role: 'user', content: PROMPT }] };
    messages.push({ role: 'user', content: PROMPT }, { role: 'assistant', content: ANSWER });
    return question;
  };
}

function unique() {
  uniqueNumber += 1;
  return `(${uniqueNumber})`;
}
