import { z } from 'zod';

import type { RunRequest, Tool } from '../../run.ts';
import { RunError } from '../../run-error.ts';

/** The API's pattern; it takes dots too, though its reference does not say so. */
const NAME = /^[\w.-]{1,128}$/;

/** One tool with another schema than this, and the CLI offers the model none of them. */
const InputSchema = z.looseObject({
  type: z.literal('object', 'must be "object"').nullish(),
  properties: z.record(z.string(), z.unknown(), 'must be an object').nullish(),
  required: z.array(z.string(), 'must be a list of names').nullish(),
});

/** Where a dialect holds the name and the schema of the tool at an index. */
export type ToolPaths = {
  toNamePath: (index: number) => string;
  toSchemaPath: (index: number) => string;
};

/**
 * Refuses tools that would be refused later, or left out without a word, and a choice among tools that
 * are not there. Throws `invalid-request`.
 */
export function checkTools(
  { tools, toolChoice }: Pick<RunRequest, 'tools' | 'toolChoice'>,
  { toNamePath, toSchemaPath }: ToolPaths,
): void {
  const names = new Set<string>();
  for (const [index, tool] of tools.entries()) {
    checkName(tool, names, toNamePath(index));
    checkSchema(tool, toSchemaPath(index));
    names.add(tool.name);
  }
  if (toolChoice.type === 'required' && names.size === 0) {
    throw invalid('tool_choice asks for a call, but no tools are given.', 'tool_choice');
  }
  if (toolChoice.type === 'tool' && !names.has(toolChoice.name)) {
    const name = JSON.stringify(toolChoice.name);
    throw invalid(`tool_choice names ${name}, which is not among the tools.`, 'tool_choice');
  }
}

function checkName({ name }: Tool, earlier: ReadonlySet<string>, path: string) {
  if (!NAME.test(name)) {
    throw invalid(
      `The tool name ${JSON.stringify(name)} must be 1 to 128 of A-Z a-z 0-9 _ - and dots.`,
      path,
    );
  }
  if (earlier.has(name)) throw invalid(`Two tools have the name ${JSON.stringify(name)}.`, path);
}

function checkSchema({ name, inputSchema }: Tool, path: string) {
  const [issue] = InputSchema.safeParse(inputSchema).error?.issues ?? [];
  if (!issue) return;
  const field = issue.path.join('.');
  throw invalid(`The schema of the tool ${JSON.stringify(name)}: ${field} ${issue.message}.`, path);
}

function invalid(sentence: string, param: string) {
  return new RunError('invalid-request', sentence, { param });
}
