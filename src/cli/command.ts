import { parseArgs } from 'node:util';

import type { Environment } from '../config.ts';
import { toSentence } from './flags.ts';
import { toDecimal } from './to-decimal.ts';
import type { Paint } from './paint.ts';

/** What a command works with. */
export type CommandContext = {
  /** What stands behind the command's name. */
  args: readonly string[];
  environment: Environment;
  /** The folder whose `.env` is read. */
  folder: string;
  /** The version of this package. */
  version: string;
  /** Takes one line for stdout. */
  print: (line: string) => void;
  /** Takes one line for stderr. */
  warn: (line: string) => void;
  paint: Paint;
};

/** Resolves with the exit code. Throws an error of one sentence. */
export type Command = (context: CommandContext) => Promise<number>;

export type CommandFlags = {
  isJson: boolean;
  isDemo: boolean;
  port: string | undefined;
  host: string | undefined;
  model: string | undefined;
  /** Longest time for one thing that is asked. */
  timeoutMs: number;
};

type CommandOptions = {
  /** The answer to `--help`. */
  help: string;
  run: (context: CommandContext, flags: CommandFlags) => Promise<number>;
};

const DEFAULT_TIMEOUT_SECONDS = '20';
const LONGEST_TIMEOUT_SECONDS = 3600;

/** Makes a command that answers `--help` and `--version`, and reads its flags. */
export function createCommand({ help, run }: CommandOptions): Command {
  return (context) => {
    const { wantsHelp, wantsVersion, ...flags } = readCommandFlags(context.args);
    if (!wantsHelp && !wantsVersion) return run(context, flags);
    context.print(wantsHelp ? help : context.version);
    return Promise.resolve(0);
  };
}

/** Throws an error of one sentence when it does not understand a flag. */
function readCommandFlags(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        demo: { type: 'boolean', default: false },
        port: { type: 'string' },
        host: { type: 'string' },
        model: { type: 'string' },
        timeout: { type: 'string', default: DEFAULT_TIMEOUT_SECONDS },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
    const { json: isJson, demo: isDemo, help: wantsHelp, version: wantsVersion, ...rest } = values;
    const { port, host, model, timeout } = rest;
    const timeoutMs = toMs(timeout);
    return { isJson, isDemo, wantsHelp, wantsVersion, port, host, model, timeoutMs };
  } catch (cause) {
    throw new Error(`${toSentence(cause)} See --help for the flags.`, { cause });
  }
}

function toMs(text: string): number {
  const seconds = toDecimal(text);
  if (seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS) return seconds * 1000;
  throw new Error(`--timeout takes seconds, up to ${LONGEST_TIMEOUT_SECONDS}, not "${text}".`);
}

/** Those flags that are settings, by the names of the settings. */
export function toSettings({ port, host }: Pick<CommandFlags, 'port' | 'host'>): Environment {
  return { PORT: port, HOST: host };
}
