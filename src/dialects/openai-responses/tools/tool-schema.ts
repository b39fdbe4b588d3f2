import { z } from 'zod';

import { ApplyPatchTool } from './apply-patch-tool.ts';
import { ComputerPreviewTool, ComputerTool } from './computer-tool.ts';
import { CustomTool } from './custom-tool.ts';
import { FunctionTool } from './function-tool.ts';
import { HostedTool } from './hosted-tools.ts';
import { LocalShellTool, ShellTool } from './shell-tools.ts';

/** Functions under a common name, which calls repeat: often those of one MCP server. */
export const NamespaceTool = z.looseObject({
  type: z.literal('namespace'),
  name: z.string().min(1),
  description: z.string().nullish(),
  tools: z.array(z.discriminatedUnion('type', [FunctionTool, CustomTool])),
});

/** A search for further tools. https://platform.openai.com/docs/guides/tools-tool-search */
export const ToolSearchTool = z.looseObject({
  type: z.literal('tool_search'),
  execution: z.enum(['server', 'client']).nullish(),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
});

const ClientTool = z.discriminatedUnion(
  'type',
  [
    FunctionTool,
    CustomTool,
    NamespaceTool,
    LocalShellTool,
    ShellTool,
    ApplyPatchTool,
    ComputerTool,
    ComputerPreviewTool,
    ToolSearchTool,
  ],
  'is no type of tool that this server knows',
);

/** A tool of a request, of whatever kind. */
export const Tool = z.union([ClientTool, HostedTool]);

/** Which tool the model has to call, or which it may call at all. */
export const ToolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.discriminatedUnion('type', [
    z.looseObject({
      type: z.enum(['function', 'custom']),
      name: z.string(),
      namespace: z.string().nullish(),
    }),
    z.looseObject({
      type: z.enum([
        'local_shell',
        'shell',
        'apply_patch',
        'computer',
        'computer_use',
        'computer_use_preview',
        'tool_search',
      ]),
    }),
    z.looseObject({
      type: z.literal('allowed_tools'),
      mode: z.enum(['auto', 'required']),
      tools: z.array(
        z.looseObject({
          type: z.string(),
          name: z.string().nullish(),
          namespace: z.string().nullish(),
        }),
      ),
    }),
  ]),
  HostedTool,
]);

export type Tool = z.infer<typeof Tool>;
export type HostedTool = z.infer<typeof HostedTool>;
export type ToolChoice = z.infer<typeof ToolChoice>;
/** A tool that the caller runs. */
export type RunnableTool = Exclude<z.infer<typeof ClientTool>, z.infer<typeof NamespaceTool>>;
