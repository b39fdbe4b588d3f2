import { z } from 'zod';

import type { RunRequest, Tool } from '../../run.ts';
import { RunError } from '../../run-error.ts';

const GivenTool = z.looseObject({
  type: z.literal('custom').nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: z.record(z.string(), z.unknown()),
  strict: z.boolean().nullish(),
});

const DefinedTool = z.looseObject({
  type: z.union([
    z.templateLiteral(['bash_2', z.string()]),
    z.templateLiteral(['text_editor_2', z.string()]),
    z.templateLiteral(['memory_2', z.string()]),
    z.templateLiteral(['computer_2', z.string()]),
  ]),
  name: z.string().min(1),
  display_width_px: z.number().nullish(),
  display_height_px: z.number().nullish(),
  enable_zoom: z.boolean().nullish(),
});

/** A tool that runs at Anthropic; there is none here. */
const HostedTool = z.looseObject({
  type: z.union([
    z.literal('mcp_toolset'),
    z.templateLiteral(['web_search_', z.string()]),
    z.templateLiteral(['web_fetch_', z.string()]),
    z.templateLiteral(['code_execution_', z.string()]),
    z.templateLiteral(['tool_search_tool_', z.string()]),
    z.templateLiteral(['advisor_', z.string()]),
  ]),
  name: z.string().nullish(),
});

/** A tool of a request. */
export const MessagesTool = z.union([GivenTool, DefinedTool, HostedTool]);

type MessagesTool = z.infer<typeof MessagesTool>;
type DefinedTool = z.infer<typeof DefinedTool>;
const KINDS = ['bash', 'text_editor', 'memory', 'computer'] as const;

type Kind = (typeof KINDS)[number];
type Definition = Pick<Tool, 'description' | 'inputSchema'>;

const Text = { type: 'string' };
const Whole = { type: 'integer' };
const Place = { type: 'array', items: Whole, minItems: 2, maxItems: 2 };

/**
 * The tools that the Messages API itself defines and the caller runs; the type of each has the date of its
 * version behind this. https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview
 */
const DEFINITIONS: Readonly<Record<Kind, (tool: DefinedTool) => Definition>> = {
  bash: () => ({
    description:
      'Runs commands in a bash shell that lives on between calls. "restart" starts it anew, and needs no command.',
    inputSchema: {
      type: 'object',
      properties: { command: Text, restart: { type: 'boolean' } },
    },
  }),
  text_editor: ({ type }) => ({
    description:
      'Views, creates and edits text files. view: path, view_range. create: path, file_text. str_replace: path, old_str (which stands there exactly once), new_str. insert: path, insert_line (0 is the beginning), insert_text.',
    inputSchema: {
      type: 'object',
      properties: {
        command: { type: 'string', enum: toEditorCommands(type) },
        path: { ...Text, description: 'The absolute path of a file or folder.' },
        view_range: { ...Place, description: 'The first and the last line; -1 is the end.' },
        file_text: Text,
        old_str: Text,
        new_str: Text,
        insert_line: Whole,
        insert_text: Text,
      },
      required: ['command', 'path'],
    },
  }),
  memory: () => ({
    description:
      'Keeps files in the folder /memories from one conversation to the next. Look into it before you begin. view: path, view_range. create: path, file_text. str_replace: path, old_str, new_str. insert: path, insert_line, insert_text. delete: path. rename: old_path, new_path.',
    inputSchema: {
      type: 'object',
      properties: {
        command: {
          type: 'string',
          enum: ['view', 'create', 'str_replace', 'insert', 'delete', 'rename'],
        },
        path: Text,
        view_range: Place,
        file_text: Text,
        old_str: Text,
        new_str: Text,
        insert_line: Whole,
        insert_text: Text,
        old_path: Text,
        new_path: Text,
      },
      required: ['command'],
    },
  }),
  computer: ({ display_width_px: width, display_height_px: height, enable_zoom: canZoom }) => ({
    description: [
      "Acts on the user's screen with mouse and keyboard, and takes pictures of it.",
      width && height ? `The screen has ${width} × ${height} pixels.` : '',
      'Clicks, mouse_move and scroll: coordinate. type: text. key, hold_key: text, the names of the keys.',
      canZoom ? 'zoom: region, the corners x0, y0, x1, y1.' : '',
    ]
      .filter(Boolean)
      .join(' '),
    inputSchema: {
      type: 'object',
      properties: {
        action: { type: 'string', enum: [...COMPUTER_ACTIONS, ...(canZoom ? ['zoom'] : [])] },
        coordinate: { ...Place, description: 'x and y, in pixels.' },
        start_coordinate: Place,
        text: Text,
        duration: { type: 'number', description: 'In seconds.' },
        scroll_direction: { type: 'string', enum: ['up', 'down', 'left', 'right'] },
        scroll_amount: Whole,
        ...(canZoom && { region: { type: 'array', items: Whole, minItems: 4, maxItems: 4 } }),
      },
      required: ['action'],
    },
  }),
};

const COMPUTER_ACTIONS = [
  'key',
  'type',
  'mouse_move',
  'left_click',
  'left_click_drag',
  'right_click',
  'middle_click',
  'double_click',
  'triple_click',
  'left_mouse_down',
  'left_mouse_up',
  'scroll',
  'hold_key',
  'wait',
  'screenshot',
  'cursor_position',
];

/** The tools of a request, and where those stand that only Anthropic could run. */
export type GivenTools = {
  tools: Tool[];
  /** Where each of the tools stands in the request. */
  places: readonly number[];
  hosted: readonly string[];
};

/** Reads them. Throws `invalid-request` where nothing is left, or the choice is one of the host's. */
export function readTools(
  given: readonly MessagesTool[],
  choice: RunRequest['toolChoice'],
): GivenTools {
  const all = given.map((tool, index) => ({ tool: toTool(tool, index), index }));
  const kept = all.flatMap(({ tool, index }) => (tool ? [{ tool, index }] : []));
  const tools = kept.map(({ tool }) => tool);
  const isForced =
    choice.type === 'tool' &&
    tools.every(({ name }) => name !== choice.name) &&
    given.some(({ name }) => name === choice.name);
  if (isForced) throw toHostedError('tool_choice');
  if (given.length > 0 && tools.length === 0) throw toHostedError('tools');
  return {
    tools,
    places: kept.map(({ index }) => index),
    hosted: all.flatMap(({ tool, index }) => (tool ? [] : [`tools.${index}`])),
  };
}

function toTool(tool: MessagesTool, index: number): Tool | undefined {
  const path = `tools.${index}.input_schema`;
  switch (tool.type) {
    case 'custom':
    case null:
    case undefined: {
      const { name, description, input_schema: inputSchema, strict } = tool;
      return {
        name,
        description: description ?? undefined,
        inputSchema,
        path,
        ...(strict && { isStrict: true as const }),
      };
    }
    default: {
      const kind = KINDS.find((one) => tool.type.startsWith(`${one}_2`));
      return kind && isDefined(tool)
        ? { name: tool.name, ...DEFINITIONS[kind](tool), path }
        : undefined;
    }
  }
}

function isDefined(tool: MessagesTool): tool is DefinedTool {
  return DefinedTool.safeParse(tool).success;
}

/** Only the first versions can undo. */
function toEditorCommands(type: string) {
  const commands = ['view', 'create', 'str_replace', 'insert'];
  return /_(?:2024|20250124)/.test(type) ? [...commands, 'undo_edit'] : commands;
}

function toHostedError(param: string) {
  return new RunError(
    'invalid-request',
    `${param}: this server has none of the tools that Anthropic runs; only tools that you run yourself can be called.`,
    { param },
  );
}
