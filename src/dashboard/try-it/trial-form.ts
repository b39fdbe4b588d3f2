import { z } from 'zod';

import { PERMISSION_MODES } from '../../keys/api-key.ts';
import type { Effort } from '../../run.ts';
import { findTrial } from '../trials.ts';

const Text = z.string();
const Json = z.record(Text, z.unknown());
const Texts = z.array(Text);

/** How hard the model may be asked to think. */
export const EFFORTS = [
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
] as const satisfies readonly Effort[];

/** A tool in the words of any of the APIs becomes one in ours. */
const Tool = z.preprocess(
  toPlainTool,
  z.object(
    { name: z.string('is missing'), description: Text.optional(), inputSchema: Json },
    'must be an object with a name, a description and a schema',
  ),
);

const Message = z.discriminatedUnion('role', [
  z.object({
    role: z.literal('user'),
    text: Text,
    images: z.array(z.object({ mediaType: Text, data: Text })).optional(),
  }),
  z.object({
    role: z.literal('assistant'),
    text: Text,
    calls: z.array(z.object({ id: Text, name: Text, input: Json })).optional(),
  }),
  z.object({ role: z.literal('tool'), callId: Text, name: Text, text: Text }),
]);

/** What the form of a trial holds. What was left empty is not there. */
export const TrialForm = z.object({
  dialect: Text.transform((name, context) => {
    const trial = findTrial(name);
    if (!trial) context.addIssue({ code: 'custom', message: 'names no API' });
    return trial ?? z.NEVER;
  }),
  model: Text,
  messages: z.array(Message),
  isWhole: z.boolean().optional(),
  system: Text.optional(),
  tools: z.array(Tool, 'must be a list of tools').optional(),
  schema: z.record(Text, z.unknown(), 'must be a JSON Schema: an object').optional(),
  temperature: z.number().optional(),
  topP: z.number().optional(),
  maxTokens: z.number().optional(),
  stop: Texts.optional(),
  effort: z.enum(EFFORTS).optional(),
  thinking: z.enum(['on', 'off']).optional(),
  agent: z
    .object({
      workingDirectory: Text.optional(),
      permissionMode: z.enum(PERMISSION_MODES).optional(),
      allowedTools: Texts.optional(),
      disallowedTools: Texts.optional(),
      sessionId: Text.optional(),
    })
    .optional(),
});

export type TrialForm = z.infer<typeof TrialForm>;

/** The schema of a tool that has none is that of no arguments. */
function toPlainTool(given: unknown) {
  if (typeof given !== 'object' || given === null) return given;
  const tool = Object('function' in given ? given.function : given);
  const schema = tool.parameters ?? tool.input_schema ?? tool.inputSchema;
  return { ...tool, inputSchema: schema ?? { type: 'object', properties: {} } };
}
