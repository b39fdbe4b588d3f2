import { z } from 'zod';

import { readArguments } from '../../shared/read-arguments.ts';
import { type ToolKind, toTextResult } from './tool-kind.ts';
import { Tool, type ToolSearchTool } from './tool-schema.ts';

/** The host's own searches have no `call_id`. */
export const ToolSearchCall = z.looseObject({
  type: z.literal('tool_search_call'),
  call_id: z.string().nullish(),
  arguments: z.unknown(),
});

export const ToolSearchOutput = z.looseObject({
  type: z.literal('tool_search_output'),
  call_id: z.string().nullish(),
  tools: z.array(Tool),
});

/** What of any tool can be told to the model. */
const Shown = z.object({
  type: z.string(),
  name: z.string().optional(),
  description: z.string().optional().catch(undefined),
  tools: z.array(z.object({ name: z.string() })).optional(),
});

export const toolSearchTool: ToolKind<
  z.infer<typeof ToolSearchTool>,
  z.infer<typeof ToolSearchCall>,
  z.infer<typeof ToolSearchOutput>
> = {
  idPrefix: 'tsc',
  offer: ({ description, parameters }) => ({
    name: 'tool_search',
    description: description ?? 'Finds further tools, which can be called from then on.',
    inputSchema: parameters ?? {
      type: 'object',
      properties: { query: { type: 'string' }, limit: { type: 'integer' } },
      required: ['query'],
    },
  }),
  toCall: (json) => ({ execution: 'client', arguments: readArguments(json) }),
  readCall: (item) => ({ name: 'tool_search', input: toInput(item.arguments) }),
  readOutput: ({ tools }) =>
    toTextResult(
      tools.length === 0
        ? 'No tools were found.'
        : `These tools can be called now:\n${tools.map(toLine).join('\n')}`,
    ),
};

function toInput(value: unknown) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : readArguments(typeof value === 'string' ? value : '');
}

function toLine(tool: z.infer<typeof Tool>) {
  const { type, name = type, description = '', tools } = Shown.parse(tool);
  const names = tools?.map((inner) => inner.name).join(', ');
  return `- ${[name, names && `(${names})`].filter(Boolean).join(' ')}: ${description}`;
}
