import type { CommandContext } from '../../src/cli/command.ts';

/** What a command works with, and what it printed. */
export function createContext(
  args: readonly string[],
  environment: Record<string, string>,
): { context: CommandContext; lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    context: {
      args,
      environment,
      folder: '/nowhere',
      version: '1.2.3',
      print: (line) => void lines.push(line),
      warn: () => undefined,
      paint: (_, text) => text,
    },
  };
}
