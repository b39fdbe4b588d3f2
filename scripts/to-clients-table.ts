/** One test of a run, as vitest's JSON report has it. */
export type RanTest = {
  /** Below the project's root. */
  file: string;
  /** The titles around it, then its own. */
  titles: readonly string[];
  status: string;
};

/** A client of docs/clients.md, and which tests are its. */
export type TriedClient = {
  /** As npm has it. */
  name: string;
  /** What its tests try, for a reader. */
  tried: string;
  tests: readonly { file: RegExp; title?: RegExp }[];
};

const EVERY = /^tests\/clients\/every-client\./;
const AI_SDK = /^tests\/clients\/ai-sdk\.test/;
const AGENTS = /^tests\/clients\/langchain-agents\./;
const OTHERS = /^tests\/responses\/other-clients\./;
const OLLAMA = /^tests\/clients\/ollama\./;
const CODING = /^tests\/big-clients\/coding-agents\./;
const LIBRARIES = /^tests\/big-clients\/libraries\./;

/** Packages that programs are written with, then programs, each in the order of docs/clients.md. */
export const CLIENTS: readonly TriedClient[] = [
  {
    name: 'openai',
    tried: 'both APIs, tools, typed output, failures, files and batches, WebSocket',
    tests: [
      { file: EVERY, title: /^openai\b|is the text of openai/ },
      { file: /^tests\/clients\/(openai|models)[-.](?!agents)/ },
      { file: /^tests\/responses\/openai-client\./ },
      { file: /^tests\/clients\/batches\./, title: /OpenAI package/ },
    ],
  },
  {
    name: '@anthropic-ai/sdk',
    tried: 'messages, tool runner, threads, typed output, failures, batches',
    tests: [
      { file: EVERY, title: /^@anthropic-ai\/sdk/ },
      { file: /^tests\/clients\/anthropic[-.]/ },
      { file: /^tests\/clients\/batches\./, title: /Anthropic package|batch that/ },
    ],
  },
  {
    name: 'ollama',
    tried: 'chat, generate, tools, pictures, models',
    tests: [
      { file: EVERY, title: /^ollama/ },
      { file: OLLAMA, title: /^ollama/ },
    ],
  },
  {
    name: '@langchain/openai',
    tried: 'both APIs, streams, tools, typed output, retries',
    tests: [
      { file: EVERY, title: /@langchain\/openai/ },
      { file: /^tests\/clients\/langchain\./ },
      { file: AGENTS, title: /^ChatOpenAI/ },
      { file: OTHERS, title: /^LangChain/ },
    ],
  },
  {
    name: '@langchain/anthropic',
    tried: 'streams, tools, typed output, retries',
    tests: [
      { file: EVERY, title: /^@langchain\/anthropic/ },
      { file: /^tests\/clients\/langchain-anthropic\./ },
      { file: AGENTS, title: /^ChatAnthropic/ },
    ],
  },
  {
    name: '@langchain/ollama',
    tried: 'streams, tools, typed output',
    tests: [
      { file: EVERY, title: /^@langchain\/ollama/ },
      { file: OLLAMA, title: /^@langchain\/ollama/ },
    ],
  },
  {
    name: 'langchain',
    tried: 'agents with tools, their steps, answers in a shape (LangGraph is below it)',
    tests: [
      { file: AGENTS, title: /as an agent/ },
      { file: EVERY, title: /^@langchain.*a tool/ },
    ],
  },
  {
    name: 'ai',
    tried: 'over each of its three providers',
    tests: [
      { file: EVERY, title: /^@ai-sdk\// },
      { file: AI_SDK },
      { file: OTHERS, title: /^the AI SDK/ },
    ],
  },
  {
    name: '@ai-sdk/openai',
    tried: 'both APIs, streams, tools, typed output, failures',
    tests: [
      { file: EVERY, title: /^@ai-sdk\/openai(?!-)/ },
      { file: AI_SDK, title: /^@ai-sdk\/openai(?!-)/ },
      { file: OTHERS, title: /^the AI SDK/ },
    ],
  },
  {
    name: '@ai-sdk/openai-compatible',
    tried: 'streams, tools, typed output, failures',
    tests: [
      { file: EVERY, title: /@ai-sdk\/openai-compatible/ },
      { file: AI_SDK, title: /^@ai-sdk\/openai-compatible/ },
    ],
  },
  {
    name: '@ai-sdk/anthropic',
    tried: 'streams, tools, thinking, typed output, failures',
    tests: [
      { file: EVERY, title: /^@ai-sdk\/anthropic/ },
      { file: AI_SDK, title: /^@ai-sdk\/anthropic/ },
    ],
  },
  {
    name: '@openai/agents',
    tried: 'both APIs, tools, shell and patches, typed output',
    tests: [
      { file: EVERY, title: /^@openai\/agents/ },
      { file: /^tests\/clients\/openai-agents\./ },
    ],
  },
  {
    name: '@mastra/core',
    tried: 'an agent with a tool, whole and streamed',
    tests: [{ file: LIBRARIES, title: /^@mastra\/core/ }],
  },
  {
    name: '@llamaindex/openai',
    tried: 'a text, a stream, a tool',
    tests: [{ file: LIBRARIES, title: /^@llamaindex\/openai/ }],
  },
  {
    name: '@instructor-ai/instructor',
    tried: 'an object in each of its five modes',
    tests: [{ file: LIBRARIES, title: /^@instructor-ai\/instructor/ }],
  },
  {
    name: 'promptfoo',
    tried: 'an evaluation over each of the three APIs',
    tests: [{ file: LIBRARIES, title: /^promptfoo/ }],
  },
  {
    name: '@openai/codex',
    tried: 'commands, patches, MCP, pictures, tool search, compaction, WebSocket',
    tests: [{ file: /^tests\/big-clients\/codex\./ }],
  },
  {
    name: '@anthropic-ai/claude-code',
    tried: 'commands, MCP',
    tests: [{ file: /^tests\/big-clients\/claude-code\./ }],
  },
  {
    name: '@anthropic-ai/claude-agent-sdk',
    tried: 'commands, a tool in the program',
    tests: [{ file: /^tests\/big-clients\/agent-sdk\./ }],
  },
  {
    name: 'opencode-ai',
    tried: 'a command over each of three providers',
    tests: [{ file: /^tests\/big-clients\/opencode\./ }],
  },
  ...[
    ['@github/copilot', 'a command over each of three APIs, a patch'],
    ['@qwen-code/qwen-code', 'a command'],
    ['@mariozechner/pi-coding-agent', 'a command over each of three APIs'],
    ['cline', 'a command over each of two providers'],
    ['@continuedev/cli', 'a command'],
    ['@kilocode/cli', 'a command'],
  ].map(([name = '', tried = '']) => ({
    name,
    tried,
    tests: [{ file: CODING, title: new RegExp(`^${name}`) }],
  })),
];

/** The table of docs/clients.md. Throws for a client whose tests did not run. */
export function toClientsTable(
  clients: readonly TriedClient[],
  ran: readonly RanTest[],
  versions: Readonly<Record<string, string>>,
): string {
  const rows = clients.map((client) => {
    const results = toTestsOf(client, ran).map(({ status }) => status);
    const count = (status: string) => results.filter((one) => one === status).length;
    if (count('passed') + count('failed') === 0) throw new Error(`${client.name} was not tried.`);
    const told = `${count('passed')} passed, ${count('failed')} failed`;
    return [`\`${client.name}\``, versions[client.name] ?? '', client.tried, told];
  });
  return [['client', 'version', 'tried', 'tests'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function toTestsOf({ tests }: TriedClient, ran: readonly RanTest[]): RanTest[] {
  return ran.filter(({ file, titles }) =>
    tests.some((mine) => mine.file.test(file) && (mine.title?.test(titles.join(' ')) ?? true)),
  );
}
