import { z } from 'zod';

import { readArguments } from '../../shared/read-arguments.ts';
import { ResultContent, toContent } from '../content.ts';
import type { ToolKind } from './tool-kind.ts';

export const FunctionTool = z.looseObject({
  type: z.literal('function'),
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

export const FunctionCall = z.looseObject({
  type: z.literal('function_call'),
  call_id: z.string(),
  name: z.string(),
  namespace: z.string().nullish(),
  arguments: z.string(),
});

export const FunctionCallOutput = z.looseObject({
  type: z.literal('function_call_output'),
  call_id: z.string(),
  output: ResultContent,
});

export const functionTool: ToolKind<
  z.infer<typeof FunctionTool>,
  z.infer<typeof FunctionCall>,
  z.infer<typeof FunctionCallOutput>
> = {
  idPrefix: 'fc',
  offer: ({ name, description, parameters, strict }) => ({
    name,
    description: description ?? undefined,
    inputSchema: parameters ?? { type: 'object', properties: {} },
    ...(strict && { isStrict: true }),
  }),
  toCall: (json, called) => ({ ...called, arguments: json || '{}' }),
  readCall: ({ name, namespace, arguments: json }) => ({
    name,
    namespace: namespace ?? undefined,
    input: readArguments(json),
  }),
  readOutput: ({ output }, param) => ({
    content: toContent(output, `${param}.output`),
    isError: false,
  }),
};
