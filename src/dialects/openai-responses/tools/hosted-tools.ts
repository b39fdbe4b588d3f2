import { z } from 'zod';

/** A tool that runs at OpenAI; there is none here. */
export const HostedTool = z.looseObject({
  type: z.union([
    z.enum([
      'web_search',
      'file_search',
      'code_interpreter',
      'image_generation',
      'mcp',
      'programmatic_tool_calling',
    ]),
    // Previews and dated versions.
    z.templateLiteral(['web_search_', z.string()]),
  ]),
});

/** What a host's tools did in an earlier turn. */
export const HostedItem = z.looseObject({
  type: z.enum([
    'web_search_call',
    'file_search_call',
    'code_interpreter_call',
    'image_generation_call',
    'mcp_list_tools',
    'mcp_approval_request',
    'mcp_approval_response',
    'mcp_call',
    'program',
    'program_output',
  ]),
});

/** Fields that say nothing to a model, or are pictures in base64. */
const UNSAID: ReadonlySet<string> = new Set(['type', 'id', 'status', 'fingerprint', 'result']);

/** What such an item tells, as text. */
export function toHostedText(item: z.infer<typeof HostedItem>): string {
  const isSaid = ([name, value]: [string, unknown]) =>
    value !== null && (!UNSAID.has(name) || (name === 'result' && item.type === 'program_output'));
  const fields = Object.fromEntries(Object.entries(item).filter(isSaid));
  return `[${item.type}: ${JSON.stringify(fields)}]`;
}
