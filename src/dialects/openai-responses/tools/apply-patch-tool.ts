import { z } from 'zod';

import { readArguments } from '../../shared/read-arguments.ts';
import { type ToolKind, toTextResult } from './tool-kind.ts';

/** Changes of files. https://platform.openai.com/docs/guides/tools-apply-patch */
export const ApplyPatchTool = z.looseObject({ type: z.literal('apply_patch') });

export const ApplyPatchCall = z.looseObject({
  type: z.literal('apply_patch_call'),
  call_id: z.string(),
  operation: z.looseObject({
    type: z.enum(['create_file', 'update_file', 'delete_file']),
    path: z.string(),
    diff: z.string().nullish(),
  }),
});

export const ApplyPatchCallOutput = z.looseObject({
  type: z.literal('apply_patch_call_output'),
  call_id: z.string(),
  status: z.enum(['completed', 'failed']),
  output: z.string().nullish(),
});

const Operation = z.object({
  type: z.enum(['create_file', 'update_file', 'delete_file']).catch('update_file'),
  path: z.string().catch(''),
  diff: z.string().catch(''),
});

const HOW = `Creates, changes or deletes one file of the user's. "diff" is in the V4A format: for a new file
every line with "+" in front; for a change one or more sections, each begun by a line "@@" (with the
enclosing function or class behind it where lines repeat), then lines with " " (unchanged, about three
before and behind each change), "-" (removed) or "+" (added) in front. There are no line numbers.`;

export const applyPatchTool: ToolKind<
  z.infer<typeof ApplyPatchTool>,
  z.infer<typeof ApplyPatchCall>,
  z.infer<typeof ApplyPatchCallOutput>
> = {
  idPrefix: 'apc',
  offer: () => ({
    name: 'apply_patch',
    description: HOW.replaceAll('\n', ' '),
    inputSchema: {
      type: 'object',
      properties: {
        type: { type: 'string', enum: ['create_file', 'update_file', 'delete_file'] },
        path: { type: 'string', description: 'The path of the file.' },
        diff: { type: 'string', description: 'Left out for delete_file.' },
      },
      required: ['type', 'path'],
    },
  }),
  toCall: (json) => {
    const { diff, ...file } = Operation.parse(readArguments(json));
    return { operation: file.type === 'delete_file' ? file : { ...file, diff } };
  },
  readCall: ({ operation }) => ({ name: 'apply_patch', input: operation }),
  readOutput: ({ status, output }) =>
    toTextResult(output?.trim() ? output : `The patch has ${status}.`, status === 'failed'),
};
