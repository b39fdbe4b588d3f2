import { z } from 'zod';

import { readArguments } from '../../shared/read-arguments.ts';
import { type ToolKind, toTextResult, withoutNulls } from './tool-kind.ts';

const Milliseconds = { type: 'integer', description: 'Longest time, in milliseconds.' };

const Count = z.number().nullish().catch(null);
const Texts = z.array(z.string()).catch([]);

/** One command, without a shell. https://platform.openai.com/docs/guides/tools-local-shell */
export const LocalShellTool = z.looseObject({ type: z.literal('local_shell') });

export const LocalShellCall = z.looseObject({
  type: z.literal('local_shell_call'),
  call_id: z.string(),
  action: z.looseObject({
    command: z.array(z.string()),
    env: z.record(z.string(), z.string()).nullish(),
    timeout_ms: z.number().nullish(),
    user: z.string().nullish(),
    working_directory: z.string().nullish(),
  }),
});

/** By its type the result names the call's item; clients send the call's id, too. */
export const LocalShellCallOutput = z.looseObject({
  type: z.literal('local_shell_call_output'),
  id: z.string().nullish(),
  call_id: z.string().nullish(),
  output: z.string(),
});

const LocalShellArguments = z.object({
  command: Texts,
  env: z.record(z.string(), z.string()).catch({}),
  timeout_ms: Count,
  user: z.string().nullish().catch(null),
  working_directory: z.string().nullish().catch(null),
});

export const localShellTool: ToolKind<
  z.infer<typeof LocalShellTool>,
  z.infer<typeof LocalShellCall>,
  z.infer<typeof LocalShellCallOutput>
> = {
  idPrefix: 'lsh',
  offer: () => ({
    name: 'local_shell',
    description: 'Runs one command on the user\'s machine, such as ["bash", "-lc", "ls"].',
    inputSchema: {
      type: 'object',
      properties: {
        command: {
          type: 'array',
          items: { type: 'string' },
          description: 'The program and its arguments.',
        },
        env: { type: 'object', additionalProperties: { type: 'string' } },
        timeout_ms: Milliseconds,
        user: { type: 'string', description: 'The user to run it as.' },
        working_directory: { type: 'string' },
      },
      required: ['command'],
    },
  }),
  toCall: (json) => ({
    action: { type: 'exec', ...LocalShellArguments.parse(readArguments(json)) },
  }),
  readCall: ({ action: { type: _type, ...input } }) => ({
    name: 'local_shell',
    input: withoutNulls(input),
  }),
  readOutput: ({ output }) => toTextResult(output),
};

/** Instructions in a folder of the caller's; the containers' own are told in another way. */
const Skill = z.looseObject({
  name: z.string().nullish(),
  description: z.string().nullish(),
  path: z.string().nullish(),
});

/** Commands in a shell. https://platform.openai.com/docs/guides/tools-shell */
export const ShellTool = z.looseObject({
  type: z.literal('shell'),
  environment: z.looseObject({ type: z.string(), skills: z.array(Skill).nullish() }).nullish(),
});

export const ShellCall = z.looseObject({
  type: z.literal('shell_call'),
  call_id: z.string(),
  action: z.looseObject({
    commands: z.array(z.string()),
    timeout_ms: z.number().nullish(),
    max_output_length: z.number().nullish(),
  }),
});

const Outcome = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('timeout') }),
  z.looseObject({ type: z.literal('exit'), exit_code: z.number() }),
]);

export const ShellCallOutput = z.looseObject({
  type: z.literal('shell_call_output'),
  call_id: z.string(),
  output: z.array(z.looseObject({ stdout: z.string(), stderr: z.string(), outcome: Outcome })),
});

const ShellArguments = z.object({ commands: Texts, timeout_ms: Count, max_output_length: Count });

export const shellTool: ToolKind<
  z.infer<typeof ShellTool>,
  z.infer<typeof ShellCall>,
  z.infer<typeof ShellCallOutput>
> = {
  idPrefix: 'sh',
  offer: ({ environment }) => ({
    name: 'shell',
    description: [
      "Runs commands in a shell on the user's machine.",
      ...(environment?.skills ?? []).map(toSkillText),
    ].join('\n'),
    inputSchema: {
      type: 'object',
      properties: {
        commands: {
          type: 'array',
          items: { type: 'string' },
          description: 'Each is run in a shell of its own; they may run at the same time.',
        },
        timeout_ms: Milliseconds,
        max_output_length: { type: 'integer', description: 'Most characters of the output.' },
      },
      required: ['commands'],
    },
  }),
  toCall: (json) => {
    const { commands, timeout_ms, max_output_length } = ShellArguments.parse(readArguments(json));
    return {
      action: {
        commands,
        timeout_ms: timeout_ms ?? null,
        max_output_length: max_output_length ?? null,
      },
      environment: null,
    };
  },
  readCall: ({ action }) => ({ name: 'shell', input: withoutNulls(action) }),
  readOutput: ({ output }) => toTextResult(output.map(toShellText).join('\n\n')),
};

function toSkillText({ name, description, path }: z.infer<typeof Skill>) {
  return `For the skill ${name} read SKILL.md in ${path} first: ${description}`;
}

function toShellText({
  stdout,
  stderr,
  outcome,
}: z.infer<typeof ShellCallOutput>['output'][number]) {
  const end = outcome.type === 'exit' ? `Exit code: ${outcome.exit_code}` : 'Timed out.';
  return [stdout, stderr && `stderr:\n${stderr}`, end].filter(Boolean).join('\n');
}
