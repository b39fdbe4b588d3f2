import type { Command } from './command.ts';
import { doctor } from './doctor/doctor.ts';
import { env } from './env.ts';
import { keys } from './keys.ts';
import { status } from './status.ts';

/** What the program does beside serving. */
const COMMANDS: Readonly<Record<string, Command>> = { doctor, env, keys, status };

/** The command of this name, if it is one. */
export function findCommand(name: string | undefined): Command | undefined {
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}
