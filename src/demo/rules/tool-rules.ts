import { Ajv2020 } from 'ajv/dist/2020.js';

import { firstComplaint, type Rule } from './rule.ts';

const NAME = /^[a-zA-Z0-9_.-]{1,128}$/;

const PROPERTY_KEY = /^[a-zA-Z0-9_.-]{1,64}$/;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });

/** Rules about the tools that a request offers. */
export const TOOL_RULES = {
  toolName: {
    source: 'API reference: pattern of a tool name (dots pass in reality)',
    complaint: ({ tools = [] }) =>
      firstComplaint(tools, ({ name }, index) =>
        NAME.test(name)
          ? undefined
          : `tools.${index}.custom.name: String should match pattern '${NAME.source}'`,
      ),
  },
  toolNamesUnique: {
    source: 'Message in theia issue 16122, forgecode issue 892',
    complaint: ({ tools = [] }) =>
      new Set(tools.map(({ name }) => name)).size < tools.length
        ? 'tools: Tool names must be unique.'
        : undefined,
  },
  toolSchemaObject: {
    source: 'API reference: input_schema.type is "object"',
    complaint: ({ tools = [] }) =>
      firstComplaint(tools, ({ type = 'custom', input_schema: schema }, index) => {
        // The API's own tools (web search …) carry no schema.
        if (type !== 'custom') return undefined;
        if (schema === undefined) return `tools.${index}.custom.input_schema: Field required`;
        if (schema['type'] === 'object') return undefined;
        return `tools.${index}.custom.input_schema.type: ${schema['type'] === undefined ? 'Field required' : "Input should be 'object'"}`;
      }),
  },
  toolSchemaKeys: {
    source: 'Message in appstore-connect-mcp issue 2, studio pull 6874: top-level keys only',
    complaint: ({ tools = [] }) =>
      firstComplaint(tools, ({ input_schema: schema = {} }, index) =>
        Object.keys(Object(schema['properties'])).every((key) => PROPERTY_KEY.test(key))
          ? undefined
          : `tools.${index}.custom.input_schema.properties: Property keys should match pattern '${PROPERTY_KEY.source}'`,
      ),
  },
  toolSchemaDraft: {
    // What names another draft passes here, as it passes the CLI (2.1.330).
    source: 'Message in claude-code issues 586 and 63673',
    complaint: ({ tools = [] }) =>
      firstComplaint(tools, ({ input_schema: schema = {} }, index) =>
        (schema['$schema'] ?? DRAFT) === DRAFT && !ajv.validate(DRAFT, schema)
          ? `tools.${index}.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). Learn more about tool use at https://docs.claude.com/en/docs/tool-use.`
          : undefined,
      ),
  },
  toolSchemaUnion: {
    source: 'Message in claude-code issues 27337 and 40075',
    complaint: ({ tools = [] }) =>
      firstComplaint(tools, ({ input_schema: schema = {} }, index) =>
        ['oneOf', 'allOf', 'anyOf'].some((key) => key in schema)
          ? `tools.${index}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`
          : undefined,
      ),
  },
  toolChoiceType: {
    source: 'API reference: tool_choice is auto, any, tool or none',
    complaint: ({ tool_choice: choice }) =>
      choice === undefined || ['auto', 'any', 'tool', 'none'].includes(choice.type)
        ? undefined
        : `tool_choice: Input tag '${choice.type}' found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'`,
  },
  toolChoiceWithoutTools: {
    source: 'API: tool_choice only together with tools',
    complaint: ({ tools = [], tool_choice: choice }) =>
      choice !== undefined && tools.length === 0
        ? 'tool_choice may only be specified while providing tools.'
        : undefined,
  },
  toolChoiceUnknown: {
    source: 'API reference: tool_choice.name is the name of a given tool',
    complaint: ({ tools = [], tool_choice: choice }) =>
      choice?.type === 'tool' && !tools.some(({ name }) => name === choice.name)
        ? `Tool '${choice.name ?? ''}' not found in provided tools`
        : undefined,
  },
} satisfies Record<string, Rule>;
