import type { CommandContext } from '../../src/cli/command.ts';

/** What a command works with, and what it printed. */
export function createContext(
  args: readonly string[],
  environment: Record<string, string>,
): { context: CommandContext; lines: string[]; warnings: string[] } {
  const lines: string[] = [];
  const warnings: string[] = [];
  return {
    lines,
    warnings,
    context: {
      args,
      environment,
      folder: '/nowhere',
      version: '1.2.3',
      print: (line) => void lines.push(line),
      warn: (line) => void warnings.push(line),
      paint: (_, text) => text,
    },
  };
}
