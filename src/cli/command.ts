import { parseArgs } from 'node:util';

import type { Environment } from '../config.ts';
import { toSentence } from './flags.ts';
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
};

/** Reads a command's flags. Throws an error of one sentence when it does not understand one. */
export function readCommandFlags(args: readonly string[]): CommandFlags {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean', default: false },
        demo: { type: 'boolean', default: false },
        port: { type: 'string' },
        host: { type: 'string' },
        model: { type: 'string' },
      },
    });
    const { json: isJson, demo: isDemo, port, host, model } = values;
    return { isJson, isDemo, port, host, model };
  } catch (cause) {
    throw new Error(`${toSentence(cause)} See --help for the flags.`, { cause });
  }
}

/** Those flags that are settings, by the names of the settings. */
export function toSettings({ port, host }: Pick<CommandFlags, 'port' | 'host'>): Environment {
  return { PORT: port, HOST: host };
}
