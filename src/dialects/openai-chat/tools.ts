import { z } from 'zod';

import type { Tool, ToolChoice as RunToolChoice } from '../../run.ts';
import type { ToolPaths } from '../shared/check-tools.ts';
import { CUSTOM_SCHEMA, toCustomDescription } from '../shared/custom-tool.ts';

/** What a function is and takes. */
export const FunctionDefinition = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const FunctionTool = z.looseObject({
  type: z.literal('function'),
  function: FunctionDefinition,
});

const Format = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({
    type: z.literal('grammar'),
    grammar: z.looseObject({ syntax: z.string(), definition: z.string() }),
  }),
]);

/** A tool whose argument is a text. */
const CustomTool = z.looseObject({
  type: z.literal('custom'),
  custom: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    format: Format.nullish(),
  }),
});

/** A tool of a request. */
export const ChatTool = z.discriminatedUnion('type', [FunctionTool, CustomTool]);

const Named = z.looseObject({ name: z.string() });

const NamedTool = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('function'), function: Named }),
  z.looseObject({ type: z.literal('custom'), custom: Named }),
]);

/** Which tool the model has to call, or which it may call at all. */
export const ChatToolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.discriminatedUnion('type', [
    ...NamedTool.options,
    z.looseObject({
      type: z.literal('allowed_tools'),
      allowed_tools: z.looseObject({
        mode: z.enum(['auto', 'required']),
        tools: z.array(NamedTool),
      }),
    }),
  ]),
]);

type ChatTool = z.infer<typeof ChatTool>;
type Choice = z.infer<typeof ChatToolChoice> | null | undefined;

/** The tools of a request as functions. */
export function toTools(tools: readonly ChatTool[]): Tool[] {
  return tools.map((tool, index) => ({
    ...toFunction(tool),
    path: `${toPath(tools, index)}.parameters`,
  }));
}

/** Where each tool stands in the request. */
export function toToolPaths(tools: readonly ChatTool[]): ToolPaths {
  return {
    toNamePath: (index) => `${toPath(tools, index)}.name`,
    toSchemaPath: (index) => `${toPath(tools, index)}.parameters`,
  };
}

/** Those of the tools that the model may call. */
export function toAllowed(tools: readonly Tool[], choice: Choice): readonly Tool[] {
  if (typeof choice !== 'object' || choice?.type !== 'allowed_tools') return tools;
  const allowed = new Set(choice.allowed_tools.tools.map(toName));
  return tools.filter(({ name }) => allowed.has(name));
}

/** What the model must call. */
export function toToolChoice(choice: Choice): RunToolChoice {
  if (typeof choice !== 'object' || !choice) return { type: choice ?? 'auto' };
  if (choice.type === 'allowed_tools') return { type: choice.allowed_tools.mode };
  return { type: 'tool', name: toName(choice) };
}

/** The names of the tools whose argument is a text. */
export function toCustomNames(tools: readonly ChatTool[] | null | undefined): ReadonlySet<string> {
  return new Set(
    (tools ?? []).flatMap((tool) => (tool.type === 'custom' ? [tool.custom.name] : [])),
  );
}

function toFunction(tool: ChatTool): Omit<Tool, 'path'> {
  if (tool.type === 'function') {
    const { name, description, parameters, strict } = tool.function;
    return {
      name,
      description: description ?? undefined,
      inputSchema: parameters ?? { type: 'object', properties: {} },
      ...(strict && { isStrict: true }),
    };
  }
  const { name, description, format } = tool.custom;
  const grammar = format?.type === 'grammar' ? format.grammar : undefined;
  return {
    name,
    description: toCustomDescription({ description: description ?? undefined, grammar }),
    inputSchema: CUSTOM_SCHEMA,
  };
}

function toPath(tools: readonly ChatTool[], index: number) {
  return `tools.${index}.${tools[index]?.type ?? 'function'}`;
}

function toName(tool: z.infer<typeof NamedTool>) {
  return tool.type === 'function' ? tool.function.name : tool.custom.name;
}
