import { z } from 'zod';

import {
  CUSTOM_SCHEMA,
  readCustomInput,
  toCustomArguments,
  toCustomDescription,
} from '../../shared/custom-tool.ts';
import { ResultContent, toContent } from '../content.ts';
import type { ToolKind } from './tool-kind.ts';

const Format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('grammar'), syntax: z.string(), definition: z.string() }),
]);

/** A tool whose argument is a text. https://platform.openai.com/docs/guides/function-calling#custom-tools */
export const CustomTool = z.looseObject({
  type: z.literal('custom'),
  name: z.string().min(1),
  description: z.string().nullish(),
  format: Format.nullish(),
});

export const CustomCall = z.looseObject({
  type: z.literal('custom_tool_call'),
  call_id: z.string(),
  name: z.string(),
  namespace: z.string().nullish(),
  input: z.string(),
});

export const CustomCallOutput = z.looseObject({
  type: z.literal('custom_tool_call_output'),
  call_id: z.string(),
  output: ResultContent,
});

export const customTool: ToolKind<
  z.infer<typeof CustomTool>,
  z.infer<typeof CustomCall>,
  z.infer<typeof CustomCallOutput>
> = {
  idPrefix: 'ctc',
  offer: ({ name, description, format }) => ({
    name,
    description: toCustomDescription({
      description: description ?? undefined,
      grammar: format?.type === 'grammar' ? format : undefined,
    }),
    inputSchema: CUSTOM_SCHEMA,
  }),
  toCall: (json, called) => ({ ...called, input: readCustomInput(json) }),
  readCall: ({ name, namespace, input }) => ({
    name,
    namespace: namespace ?? undefined,
    input: toCustomArguments(input),
  }),
  readOutput: ({ output }, param) => ({
    content: toContent(output, `${param}.output`),
    isError: false,
  }),
};
