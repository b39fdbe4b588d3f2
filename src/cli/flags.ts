import { parseArgs } from 'node:util';

import { KEYS_HELP } from './key-flags.ts';

/** What the command line asks for. */
export type Flags = {
  port: string | undefined;
  host: string | undefined;
  /** What the program is in a cluster. */
  role: string | undefined;
  isDemo: boolean;
  isJson: boolean;
  wantsVersion: boolean;
  wantsHelp: boolean;
};

/** The answer to `--help`. */
export const HELP = `claude-code-proxy serves the claude CLI over the OpenAI and the Anthropic API.

Usage: claude-code-proxy [flags]
       claude-code-proxy <command> [flags]

  serve    what it does without a command
  demo     the same as --demo
  worker   run the CLI for a cluster's fronts (docs/cluster.md); the same as --role=worker
  doctor   check everything that a server needs
  status   what the server on this machine is doing
  env      print exports that lead the usual clients here: eval "$(claude-code-proxy env)"
  keys     add, list and revoke keys beside the owner's

Every command takes --json: its answer is one line of JSON. All but keys take --port and --host.

  --port <number>   port to listen on (PORT, default 6789)
  --host <address>  address to listen on (HOST, default 127.0.0.1)
  --role <name>     in a cluster: front, worker or both (ROLE, default both)
  --demo            no account needed: the real CLI against a scripted model on this machine
  -v, --version     print the version
  -h, --help        print this; behind a command, what that one takes

All other settings are environment variables, also read from .env in this folder; .env.example
lists them.

${KEYS_HELP}`;

/** Reads the command line. Throws an error of one sentence when it does not understand it. */
export function readFlags(args: readonly string[]): Flags {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        role: { type: 'string' },
        demo: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        version: { type: 'boolean', short: 'v', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const command = toFlags(positionals);
    return {
      port: values.port,
      host: values.host,
      role: values.role ?? command.role,
      isDemo: values.demo || command.isDemo === true,
      isJson: values.json,
      wantsVersion: values.version,
      wantsHelp: values.help,
    };
  } catch (cause) {
    throw new Error(`${toSentence(cause)} See --help for the flags.`, { cause });
  }
}

/** What commands stand for, that are flags by another name. */
const AS_FLAGS: Readonly<Record<string, Pick<Partial<Flags>, 'role' | 'isDemo'>>> = {
  serve: {},
  demo: { isDemo: true },
  worker: { role: 'worker' },
};

function toFlags([command, ...surplus]: readonly string[]) {
  if (command === undefined) return {};
  const flags = Object.hasOwn(AS_FLAGS, command) ? AS_FLAGS[command] : undefined;
  if (flags === undefined || surplus.length > 0) {
    throw new Error(`Unexpected argument '${flags ? surplus[0] : command}'.`);
  }
  return flags;
}

/** Node's complaint about the command line in one sentence. */
export function toSentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  // Node goes on to explain how to pass an argument that begins with a dash; none does here.
  return `${message.split(/\.\s|\n/)[0]?.replace(/\.$/, '')}.`;
}
