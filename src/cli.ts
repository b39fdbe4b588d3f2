import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { findCommand } from './cli/commands.ts';
import { HELP, readFlags } from './cli/flags.ts';
import { createPaint } from './cli/paint.ts';
import { stopOnSignals } from './cli/stop-on-signals.ts';

/** The program: reads the command line and the environment, serves until a signal, exits. */
export async function runCli(): Promise<void> {
  try {
    const args = process.argv.slice(2);
    const surroundings = {
      environment: process.env,
      folder: process.cwd(),
      warn: (line: string) => console.error(line),
    };
    const command = await findCommand(args[0]);
    if (command) {
      process.exitCode = await command({
        ...surroundings,
        args: args.slice(1),
        version: readOwnVersion(),
        print: (line) => console.log(line),
        paint: createPaint({ isTerminal: process.stdout.isTTY, environment: process.env }),
      });
      return;
    }
    const flags = readFlags(args);
    if (flags.wantsHelp) {
      console.log(HELP);
      return;
    }
    const version = readOwnVersion();
    if (flags.wantsVersion) {
      console.log(version);
      return;
    }
    const { start } = await import('./cli/start.ts');
    const starting = start({ flags, version, ...surroundings });
    stopOnSignals({
      // A start that fails has its sentence printed below.
      stop: (signal) => starting.then((started) => started.stop(signal), ignore),
      exit: (code) => process.exit(code),
      emitter: process,
    });
    console.log((await starting).banner);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

function readOwnVersion(): string {
  // One folder up from src/ as from dist/.
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function ignore(): void {}
