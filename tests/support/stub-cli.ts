import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Line = {
  type: string;
  request_id?: string;
  request?: { subtype: string };
  message?: { content: unknown };
};

/** The stub's own end of the wires. A behaviour changes what it wants to be different. */
export type StubCli = {
  /** Counts the processes; 0 is the one that the server asks for the status when it starts. */
  start: number;
  /** Writes a line, or bytes as they are. */
  say(line: object | string | Uint8Array): void;
  onControl(line: Line): void;
  onUser(line: Line): void;
  /** From here on it takes its conversation back when it is told to, so that a process serves many requests. */
  rewinds(): void;
  /** What a text is on the wire, `result` included. */
  toTextLines(text: string): object[];
  /** Adds to the file `notes` in its home, which all processes share. */
  note(text: string): void;
  stderr(text: string): void;
  exit(code: number): never;
};

export type Stub = { path: string; remove(): Promise<void> };

/**
 * Writes a little program that speaks the CLI's protocol properly except for what `behave` makes it
 * do: only for what the real CLI cannot be made to do. `behave` runs in the program, so it can use
 * nothing from around it.
 */
export async function createStub(behave: (cli: StubCli) => void): Promise<Stub> {
  const folder = await mkdtemp(join(tmpdir(), 'stub-cli-'));
  const path = join(folder, 'claude.mjs');
  await writeFile(path, `#!${process.execPath}\n${PROGRAM}\n(${behave.toString()})(cli);\n`);
  await chmod(path, 0o755);
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

const PROGRAM = /* js */ `
import { appendFileSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

if (process.argv.includes('--version')) {
  console.log('2.1.330 (Claude Code)');
  process.exit(0);
}

const starts = process.env.HOME + '/starts';
appendFileSync(starts, '.');

const ANSWERS = {
  initialize: { account: { apiKeySource: 'stub' } },
  list_models: { models: [{ value: 'sonnet', resolvedModel: 'claude-stub', displayName: 'Stub' }] },
};
const event = (event) => ({ type: 'stream_event', event });

const cli = {
  start: readFileSync(starts, 'utf8').length - 1,
  say(line) {
    const isRaw = typeof line === 'string' || line instanceof Uint8Array;
    process.stdout.write(isRaw ? line : JSON.stringify(line) + '\\n');
  },
  onControl({ request_id, request }) {
    const response = { subtype: 'success', request_id, response: ANSWERS[request.subtype] ?? {} };
    cli.say({ type: 'control_response', response });
  },
  rewinds: () => void (ANSWERS.rewind_conversation = { rewound: true }),
  onUser() {
    cli.toTextLines('Hello from the stub.').forEach(cli.say);
  },
  toTextLines: (text) => [
    event({ type: 'message_start', message: { id: 'msg_stub', model: 'claude-stub', usage: {} } }),
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
    event({ type: 'content_block_stop', index: 0 }),
    event({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }),
    event({ type: 'message_stop' }),
    { type: 'result', subtype: 'success', is_error: false, result: text, num_turns: 1, session_id: 's' },
  ],
  note: (text) => appendFileSync(process.env.HOME + '/notes', text),
  stderr: (text) => void writeSync(2, text),
  exit: (code) => process.exit(code),
};

process.stdout.on('error', () => cli.exit(1)); // nobody reads it any more

createInterface({ input: process.stdin })
  .on('line', (text) => {
    const line = JSON.parse(text);
    if (line.type === 'control_request') cli.onControl(line);
    if (line.type === 'user') cli.onUser(line);
  })
  .on('close', () => cli.exit(0));
`;
