import { addKey } from '../src/keys/edit-keys.ts';
import { toKeysFile } from '../src/keys/keys-file.ts';
import { type AgentSdk, warmSdk } from './agent-sdk.ts';
import { ANSWER } from './answer.ts';
import { askClaude, askProxy, type Question, type Timing } from './ask.ts';
import { startLive } from './live-process.ts';
import { type Stage, withStage } from './processes.ts';
import { readReapedCpuMs, readTreeCpuMs } from './read-cpu.ts';
import { readDirectly } from './read-directly.ts';
import { type Row, type Sample, toRow } from './rows.ts';
import { startSpare } from './start-spare.ts';

type Rounds = {
  each: number;
  load: number;
  deltas: number;
  streams: number;
  /** Messages of the conversations whose system prompt changes. */
  changing: readonly number[];
};

type Scenario = (stage: Stage, rounds: Rounds) => Promise<Row>;

const PROMPT = 'Say hello.';
const CALLERS = 8;

let uniqueNumber = 0;

/** The table's rows, in its order. Without the Agent SDK its row is not among them. */
export function toScenarios({ changing }: Rounds, sdk: AgentSdk | undefined): readonly Scenario[] {
  return [
    firstToken('one request on an idle server', '≤ 0.11', () => () => ({
      ...toQuestion([], `Be brief. ${unique()}`),
      extra: { metadata: { user_id: unique() } }, // nobody whom a kept process knows
    })),
    compareSpare,
    firstToken('next turn of a conversation', '≤ 0.06', () => createConversation()),
    compareFloor,
    ...(sdk ? [(stage: Stage, rounds: Rounds) => compareSdk(stage, rounds, sdk)] : []),
    firstToken(
      'an independent request with the same instructions',
      '≤ 0.06',
      () => () => toQuestion([], 'Be brief.'),
    ),
    firstToken(
      'an independent request with other instructions',
      '≤ 0.06',
      () => () => toQuestion([], `Be brief. ${unique()}`),
    ),
    ...changing.map((messages) =>
      firstToken(
        `a conversation of ${messages} messages whose system prompt changed`,
        messages === 100 ? '≤ 0.10' : 'to compare',
        () => createConversation(messages, () => `Be brief. ${unique()}`),
      ),
    ),
    firstToken(
      'a conversation of 100 messages that no process holds',
      '≤ 0.9',
      () => () => toQuestion(toHistory(99), `Be brief. ${unique()}`),
    ),
    (stage, rounds) =>
      compareLoads(stage, rounds, {
        work: '8 callers, one key, same instructions',
        wanted: '≥ 12',
        question: () => toQuestion([], 'Be brief.'),
      }),
    (stage, rounds) =>
      compareLoads(stage, rounds, {
        work: '8 callers, one key, all instructions different',
        wanted: '≥ 10; CPU ≤ 80 ms',
        question: () => toQuestion([], `Be brief. ${unique()}`),
      }),
    (_stage, rounds) => withStage({ MAX_PROCESSES: '12' }, (stage) => compareKeys(stage, rounds)),
    compareBursts,
    compareStreams,
  ];
}

type Comparison = { work: string; wanted: string; question: (caller: number) => Question };

/** `createAsk` begins anew, so that a row does not depend on those before it. */
function firstToken(work: string, wanted: string, createAsk: () => () => Question): Scenario {
  return async (stage, { each }) => {
    const question = createAsk();
    await askProxy(stage, question());
    return compare({ work: `first token, ${work}`, wanted }, stage, each, 1, {
      claude: async () => (await askClaude(stage, PROMPT)).firstTokenMs,
      proxy: async () => (await askProxy(stage, question())).firstTokenMs,
    });
  };
}

/** What a turn takes in a live process of which nobody does more than write its input and read its output. */
async function compareFloor(stage: Stage, { each }: Rounds): Promise<Row> {
  const live = await startLive(stage);
  const row = {
    work: 'first token, next turn in a CLI with no proxy: the floor',
    wanted: 'to compare',
  };
  const floor = await compare(row, stage, each, 1, {
    claude: async () => (await askClaude(stage, PROMPT)).firstTokenMs,
    proxy: () => live.turn(PROMPT),
    proxyPid: live.pid,
  });
  await live.end();
  return floor;
}

/** What the first row takes in a process that was set up in the same way, with no proxy in front of it. */
function compareSpare(stage: Stage, { each }: Rounds): Promise<Row> {
  const work = 'first token, one request to a spare with no proxy: the floor';
  return compareLives(work, stage, each, async () => (await startSpare(stage)).ask(PROMPT));
}

function compareSdk(stage: Stage, { each }: Rounds, sdk: AgentSdk): Promise<Row> {
  const work = 'first token, the Agent SDK: `query()` behind `startup()`';
  return compareLives(work, stage, each, async () => (await warmSdk(sdk, stage)).ask(PROMPT));
}

/** Of a process for each request, started ahead; its processor time is that of its whole life. */
async function compareLives(
  work: string,
  stage: Stage,
  each: number,
  ask: () => Promise<number>,
): Promise<Row> {
  const [ours, theirs]: [Sample[], Sample[]] = [[], []];
  for (let round = 0; round < each; round += 1) {
    await stage.waitUntilQuiet();
    theirs.push(await measureReaped(async () => (await askClaude(stage, PROMPT)).firstTokenMs));
    ours.push(await measureReaped(ask));
  }
  return toRow({ work, wanted: 'to compare' }, ours, theirs);
}

/** With the processor time of the processes that were started for it and have ended. */
async function measureReaped(ask: () => Promise<number>): Promise<Sample> {
  const beforeMs = readReapedCpuMs();
  return { figure: await ask(), cpuMs: readReapedCpuMs() - beforeMs };
}

/** Interleaved in short bursts, so that both meet the same noise of the machine. */
function compareLoads(
  stage: Stage,
  { each, load }: Rounds,
  { question, ...row }: Comparison,
): Promise<Row> {
  const claudeCount = Math.ceil(load / 8);
  return compare({ ...row, unit: 'requests/s' }, stage, each, load, {
    claudeCount,
    claude: () => measureRate(claudeCount, () => askClaude(stage, PROMPT)),
    proxy: () => measureRate(load, (caller) => askProxy(stage, question(caller))),
  });
}

/** Each caller with a key of its own, after each key's first request. */
async function compareKeys(stage: Stage, rounds: Rounds): Promise<Row> {
  const keys: string[] = [];
  for (let caller = 0; caller < CALLERS; caller += 1) {
    const file = toKeysFile(stage.stateFolder);
    keys.push((await addKey(file, `caller-${caller}`, { scopes: ['chat'] })).key);
  }
  const question = (caller: number) => ({
    ...toQuestion([], `Be brief. ${unique()}`),
    key: keys[caller] ?? '',
  });
  for (const caller of keys.keys()) await askProxy(stage, question(caller));
  const work = '8 callers, 8 keys, MAX_PROCESSES=12, all instructions different';
  return compareLoads(stage, rounds, { work, wanted: '≥ 8', question });
}

/** When the last of those who ask at the same moment gets its first token. */
function compareBursts(stage: Stage, { each }: Rounds): Promise<Row> {
  const callers = Array.from({ length: CALLERS }, (_, caller) => caller);
  const readLast = async (ask: () => Promise<Timing>) => {
    const timings = await Promise.all(callers.map(ask));
    return Math.max(...timings.map(({ firstTokenMs }) => firstTokenMs));
  };
  const row = { work: 'last first token, 8 at once on an idle server', wanted: 'half of before' };
  return compare(row, stage, each, CALLERS, {
    claude: () => readLast(() => askClaude(stage, PROMPT)),
    proxy: () => readLast(() => askProxy(stage, toQuestion([], `Be brief. ${unique()}`))),
  });
}

/** The whole time of one long answer, beside a process of which nobody does more than read the output. */
async function compareStreams(stage: Stage, { deltas, streams }: Rounds): Promise<Row> {
  const prompt = `Write deltas=${deltas}.`;
  const ask = () =>
    askProxy(stage, { system: 'Be brief.', messages: [{ role: 'user', content: prompt }] });
  await ask();
  const [proxy, direct]: [Sample[], Sample[]] = [[], []];
  for (let index = 0; index < streams; index += 1) {
    await stage.waitUntilQuiet();
    const timing = await readDirectly(stage, prompt);
    direct.push({ figure: toLength(timing), cpuMs: timing.cpuMs });
    proxy.push(await measureProxy(stage, 1, async () => toLength(await ask())));
  }
  const work = `${deltas} deltas in one stream, beside reading the CLI directly`;
  return toRow({ work, wanted: '≤ 1.0' }, proxy, direct);
}

type Sides = {
  proxy: () => Promise<number>;
  claude: () => Promise<number>;
  /** How many requests `claude` makes. Default: as many as `proxy`. */
  claudeCount?: number;
  /** Whose processor time is read, with that of its children. Default: the proxy's. */
  proxyPid?: number;
};

async function compare(
  row: Pick<Row, 'work' | 'wanted'> & Partial<Pick<Row, 'unit'>>,
  stage: Stage,
  rounds: number,
  count: number,
  { proxy, claude, claudeCount = count, proxyPid = stage.proxyPid }: Sides,
): Promise<Row> {
  const [ours, theirs]: [Sample[], Sample[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    await stage.waitUntilQuiet();
    const beforeMs = readReapedCpuMs();
    const figure = await claude();
    theirs.push({ figure, cpuMs: (readReapedCpuMs() - beforeMs) / claudeCount });
    ours.push(await measureProxy({ ...stage, proxyPid }, count, proxy));
  }
  return toRow(row, ours, theirs);
}

/** With the processor time until the server is quiet again: it starts processes and empties used ones. */
async function measureProxy(
  stage: Stage,
  count: number,
  ask: () => Promise<number>,
): Promise<Sample> {
  const beforeMs = readTreeCpuMs(stage.proxyPid);
  const figure = await ask();
  await stage.waitUntilQuiet();
  return { figure, cpuMs: (readTreeCpuMs(stage.proxyPid) - beforeMs) / count };
}

/** From the first token to the last: how soon that one came is measured elsewhere. */
function toLength({ totalMs, firstTokenMs }: Timing) {
  return totalMs - firstTokenMs;
}

async function measureRate(
  count: number,
  ask: (caller: number) => Promise<Timing>,
): Promise<number> {
  let left = count;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      while (left > 0) {
        left -= 1;
        await ask(caller);
      }
    }),
  );
  return (count * 1000) / (performance.now() - startedAt);
}

function toQuestion(history: readonly object[], system: string): Question {
  return { system, messages: [...history, { role: 'user', content: PROMPT }] };
}

/** A history that nobody has seen. */
function toHistory(count: number): object[] {
  const name = unique();
  return Array.from({ length: count - (count % 2) }, (_, index) => ({
    role: index % 2 === 0 ? 'user' : 'assistant',
    content: `Message ${index} of a long conversation ${name}.`,
  }));
}

/** Each question continues the one before. */
function createConversation(
  length = 1,
  toSystem: () => string = () => 'Be brief.',
): () => Question {
  const messages = toHistory(length - 1);
  return () => {
    const question = toQuestion(messages, toSystem());
    messages.push({ role: 'user', content: PROMPT }, { role: 'assistant', content: ANSWER });
    return question;
  };
}

function unique() {
  uniqueNumber += 1;
  return `(${uniqueNumber})`;
}
