import { z } from 'zod';

import { readArguments } from '../../shared/read-arguments.ts';
import { ResultImage, toPart } from '../content.ts';
import type { ToolKind } from './tool-kind.ts';

/** A screen with mouse and keys. https://platform.openai.com/docs/guides/tools-computer-use */
export const ComputerTool = z.looseObject({ type: z.enum(['computer', 'computer_use']) });

export const ComputerPreviewTool = z.looseObject({
  type: z.literal('computer_use_preview'),
  display_width: z.number().nullish(),
  display_height: z.number().nullish(),
  environment: z.string().nullish(),
});

const Action = z.looseObject({ type: z.string() });

export const ComputerCall = z.looseObject({
  type: z.literal('computer_call'),
  call_id: z.string(),
  action: Action.nullish(),
  actions: z.array(Action).nullish(),
});

export const ComputerCallOutput = z.looseObject({
  type: z.literal('computer_call_output'),
  call_id: z.string(),
  output: ResultImage,
});

const Pixels = { type: 'number' };
const Keys = { type: 'array', items: { type: 'string' } };

/** One action; which fields it needs stands in the description of its type. */
const ACTION_SCHEMA = {
  type: 'object',
  properties: {
    type: {
      type: 'string',
      enum: [
        'click',
        'double_click',
        'drag',
        'keypress',
        'move',
        'screenshot',
        'scroll',
        'type',
        'wait',
      ],
      description:
        'click: x, y, button. double_click, move: x, y. drag: path. keypress: keys. scroll: x, y, scroll_x, scroll_y. type: text. screenshot, wait: nothing.',
    },
    x: Pixels,
    y: Pixels,
    button: { type: 'string', enum: ['left', 'right', 'wheel', 'back', 'forward'] },
    keys: { ...Keys, description: 'Keys to press, or to hold during another action.' },
    path: { type: 'array', items: { type: 'object', properties: { x: Pixels, y: Pixels } } },
    scroll_x: Pixels,
    scroll_y: Pixels,
    text: { type: 'string' },
  },
  required: ['type'],
};

const Arguments = z.object({ actions: z.array(Action).catch([]) });

const PreviewArguments = z.object({ action: Action.catch({ type: 'screenshot' }) });

type Kind<Tool> = ToolKind<Tool, z.infer<typeof ComputerCall>, z.infer<typeof ComputerCallOutput>>;

const common: Pick<Kind<unknown>, 'idPrefix' | 'readCall' | 'readOutput'> = {
  idPrefix: 'cu',
  readCall: ({ action, actions }) => ({
    name: 'computer',
    input: actions ? { actions } : { action },
  }),
  readOutput: ({ output }, param) => ({
    content: [toPart({ ...output, type: 'input_image' }, `${param}.output`)],
    isError: false,
  }),
};

export const computerTool: Kind<z.infer<typeof ComputerTool>> = {
  ...common,
  offer: () => ({
    name: 'computer',
    description:
      "Acts on the user's screen, one action after the other, and returns a picture of it.",
    inputSchema: {
      type: 'object',
      properties: { actions: { type: 'array', items: ACTION_SCHEMA } },
      required: ['actions'],
    },
  }),
  toCall: (json) => ({ ...Arguments.parse(readArguments(json)), pending_safety_checks: [] }),
};

export const computerPreviewTool: Kind<z.infer<typeof ComputerPreviewTool>> = {
  ...common,
  offer: ({ display_width: width, display_height: height, environment }) => ({
    name: 'computer',
    description: [
      "Acts on the user's screen and returns a picture of it.",
      width && height ? `The screen has ${width} × ${height} pixels.` : '',
      environment ? `It shows: ${environment}.` : '',
    ]
      .filter(Boolean)
      .join(' '),
    inputSchema: { type: 'object', properties: { action: ACTION_SCHEMA }, required: ['action'] },
  }),
  toCall: (json) => ({ ...PreviewArguments.parse(readArguments(json)), pending_safety_checks: [] }),
};
