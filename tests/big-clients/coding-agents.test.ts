import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { KEY } from '../support/start-proxy.ts';
import { installClient, type Lab, openLab } from './clients.ts';
import type { BigClient } from './versions.ts';

const COMMAND = 'echo one-$((1 + 1))';
const PROMPT = 'Do it.';
const PATCH = '*** Begin Patch\n*** Add File: new.txt\n+hello "you"\n*** End Patch';

type Call = { name: string; input: unknown };

type Agent = {
  name: BigClient;
  api: string;
  /** The program's own name. */
  bin: string;
  /** How the model runs the command there. */
  call: Call;
  /** What else it does, behind the command. */
  calls?: readonly Call[];
  /** What it says of that. */
  found?: string;
  args: readonly string[];
  env?: (url: string) => Record<string, string>;
  /** Writes its settings, or has it write them. */
  prepare?: (lab: Lab, program: string) => Promise<unknown>;
};

/** Programs that work at a command with their defaults, beside Codex, Claude Code and opencode. */
const AGENTS: readonly Agent[] = [
  toCopilot('chat completions', 'sonnet'),
  toCopilot('anthropic', 'sonnet', { COPILOT_PROVIDER_TYPE: 'anthropic' }),
  {
    ...toCopilot('responses', 'gpt-5.5', { COPILOT_PROVIDER_WIRE_API: 'responses' }),
    calls: [{ name: 'apply_patch', input: { input: PATCH } }],
    found: 'Added 1 file',
  },
  {
    name: '@qwen-code/qwen-code',
    api: 'chat completions',
    bin: 'qwen',
    call: {
      name: 'run_shell_command',
      input: { command: COMMAND, description: 'Say it', is_background: false },
    },
    args: ['--yolo', '--auth-type', 'openai', PROMPT],
    env: (url) => ({
      OPENAI_BASE_URL: `${url}/v1`,
      OPENAI_API_KEY: KEY,
      OPENAI_MODEL: 'sonnet',
    }),
  },
  toPi('openai-completions', '/v1'),
  toPi('openai-responses', '/v1'),
  toPi('anthropic-messages', ''),
  toCline('openai-compatible', 'sonnet'),
  toCline('openai-native', 'gpt-5.5'),
  {
    name: '@continuedev/cli',
    api: 'chat completions',
    bin: 'cn',
    call: { name: 'Bash', input: { command: COMMAND } },
    args: ['--auto', '--config', './config.yaml', '-p', PROMPT],
    prepare: ({ work, proxy }) =>
      write(join(work, 'config.yaml'), {
        name: 'proxy',
        version: '1.0.0',
        schema: 'v1',
        models: [
          {
            name: 'Sonnet',
            provider: 'openai',
            model: 'sonnet',
            apiBase: `${proxy.url}/v1`,
            apiKey: KEY,
          },
        ],
      }),
  },
  {
    name: '@kilocode/cli',
    api: 'chat completions',
    bin: 'kilo',
    call: { name: 'bash', input: { command: COMMAND, description: 'Say it' } },
    args: ['run', '--auto', '-m', 'proxy/sonnet', PROMPT],
    env: () => ({
      KILO_DISABLE_AUTOUPDATE: '1',
      KILO_DISABLE_CODEBASE_INDEXING: '1',
      KILO_DISABLE_MODELS_FETCH: '1',
      KILO_DISABLE_SESSION_INGEST: '1',
      KILO_TELEMETRY_LEVEL: 'off',
    }),
    prepare: ({ work, proxy }) =>
      write(join(work, 'kilo.json'), {
        provider: {
          proxy: {
            npm: '@ai-sdk/openai-compatible',
            options: { baseURL: `${proxy.url}/v1`, apiKey: KEY },
            models: { sonnet: {} },
          },
        },
      }),
  },
];

describe.each(AGENTS)(
  '$name over $api',
  ({ name, bin, call, calls = [], found = '', args, env, prepare }) => {
    let program: string;
    let lab: Lab;
    beforeAll(async () => {
      program = await installClient(name, bin);
      lab = await openLab({ MODEL_ALIASES: 'gpt-5.5=sonnet' });
      await prepare?.(lab, program);
    });
    afterAll(() => lab.stop());

    test('runs a command and tells what it said', async () => {
      lab.play([call, ...calls]);
      const printed = await lab.run(program, args, env?.(lab.proxy.url) ?? {});

      expect(printed).toContain('All done.');
      expect(lab.said()).toContain('one-2');
      expect(lab.said()).toContain(found);
    });
  },
);

function toCopilot(api: string, model: string, more: Record<string, string> = {}): Agent {
  return {
    name: '@github/copilot',
    api,
    bin: 'copilot',
    call: { name: 'bash', input: { command: COMMAND, description: 'Say it' } },
    args: ['--allow-all-tools', '-p', PROMPT],
    env: (url) => ({
      COPILOT_PROVIDER_BASE_URL: api === 'anthropic' ? url : `${url}/v1`,
      COPILOT_PROVIDER_API_KEY: KEY,
      COPILOT_MODEL: model,
      COPILOT_AUTO_UPDATE: 'false',
      ...more,
    }),
  };
}

function toPi(api: string, path: string): Agent {
  return {
    name: '@mariozechner/pi-coding-agent',
    api,
    bin: 'pi',
    call: { name: 'bash', input: { command: COMMAND } },
    args: ['--offline', '--provider', 'proxy', '--model', 'sonnet', '-p', PROMPT],
    env: () => ({ PROXY_API_KEY: KEY }),
    prepare({ home, proxy }) {
      const baseUrl = proxy.url + path;
      const provider = { baseUrl, api, apiKey: 'PROXY_API_KEY', models: [{ id: 'sonnet' }] };
      return write(join(home, '.pi/agent/models.json'), { providers: { proxy: provider } });
    },
  };
}

function toCline(api: string, model: string): Agent {
  const env = { CLINE_SESSION_BACKEND_MODE: 'local' }; // otherwise a daemon of its stays behind
  return {
    name: 'cline',
    api,
    bin: 'cline',
    call: { name: 'run_commands', input: { commands: [COMMAND] } },
    args: [PROMPT],
    env: () => env,
    prepare: ({ run, proxy }, program) =>
      run(program, ['auth', '-p', api, '-k', KEY, '-m', model, '-b', `${proxy.url}/v1`], env),
  };
}

/** JSON is YAML, too. */
async function write(path: string, content: object) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, JSON.stringify(content));
}
