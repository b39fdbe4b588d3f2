import type { Tool } from '../../../run.ts';
import { RunError } from '../../../run-error.ts';
import { flattenUnion } from './flatten-union.ts';
import { mendSchema } from './mend-schema.ts';
import { type Keys, renameInSchema, toKeys } from './property-keys.ts';
import { findComplaint } from './schema-complaint.ts';

/** A tool as it goes up, and the arguments that go by other names there. */
export type UpstreamTool = { tool: Tool; keys: Keys };

/**
 * Makes a tool that the CLI offers to the model: it silently drops those whose schema is invalid or whose
 * arguments have names that the API does not accept (2.1.330). Throws `invalid-request` for a schema that
 * cannot be mended.
 */
export function toUpstreamTool(
  { name, description, inputSchema, path }: Tool,
  upstreamName: string,
): UpstreamTool {
  const isValid = findComplaint(inputSchema) === undefined;
  const mended = isValid ? inputSchema : mendSchema(inputSchema);
  const complaint = isValid ? undefined : findComplaint(mended);
  if (complaint !== undefined) {
    throw new RunError(
      'invalid-request',
      `The schema of the tool ${JSON.stringify(name)}: ${complaint}.`,
      { param: path },
    );
  }
  const { schema, constraint } = flattenUnion(mended);
  const keys = toKeys(schema);
  const note = constraint && toConstraint(JSON.stringify(renameInSchema(constraint, keys)));
  return {
    tool: {
      name: upstreamName,
      description:
        note === undefined ? description : [description, note].filter(Boolean).join('\n\n'),
      inputSchema: renameInSchema(schema, keys),
    },
    keys,
  };
}

function toConstraint(json: string) {
  return `The input as a whole must also match this JSON Schema: ${json}`;
}
