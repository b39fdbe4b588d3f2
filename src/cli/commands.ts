import type { Command } from './command.ts';

/** What the program does beside serving; each is loaded when it is asked for, as most take a second. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import('./doctor/doctor.ts')).doctor,
  env: async () => (await import('./env.ts')).env,
  keys: async () => (await import('./keys.ts')).keys,
  status: async () => (await import('./status.ts')).status,
};

/** The command of this name, if it is one. */
export async function findCommand(name: string | undefined): Promise<Command | undefined> {
  return name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name]?.() : undefined;
}
