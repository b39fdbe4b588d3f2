/** A tool whose argument is a text; offered to the model as a function that takes this text. */
export type CustomTool = {
  description: string | undefined;
  /** What the text must look like. Default: any text. */
  grammar: { syntax: string; definition: string } | undefined;
};

const INPUT = 'input';

/** What a function that stands for a custom tool takes. */
export const CUSTOM_SCHEMA: Record<string, unknown> = {
  type: 'object',
  properties: {
    [INPUT]: { type: 'string', description: "The tool's whole input, as plain text." },
  },
  required: [INPUT],
  additionalProperties: false,
};

/** The description of a function that stands for a custom tool; the grammar can only be told there. */
export function toCustomDescription({ description, grammar }: CustomTool): string | undefined {
  const rule =
    grammar &&
    `The text in "${INPUT}" must match this grammar (${grammar.syntax}):\n\n${grammar.definition}`;
  return [description, rule].filter(Boolean).join('\n\n') || undefined;
}

/** The arguments that stand for a text. */
export function toCustomArguments(text: string): object {
  return { [INPUT]: text };
}

/** The text in arguments, as far as the model wrote it; other arguments than those asked for are the text. */
export function readCustomInput(json: string): string {
  if (json === '') return '';
  try {
    const value: unknown = JSON.parse(json);
    const input = Object.entries(Object(value)).find(([name]) => name === INPUT)?.[1];
    return typeof input === 'string' ? input : json;
  } catch {
    const reader = createCustomInputReader();
    return reader.add(json) || (reader.hasBegun() ? '' : json);
  }
}

/** Reads the text out of arguments that arrive piece by piece. */
export type CustomInputReader = {
  /** What of the text came with this piece. */
  add(piece: string): string;
  /** Whether the text has begun. */
  hasBegun(): boolean;
};

const BEFORE = /^\s*\{\s*"input"\s*:\s*"/;

/** A whole escape sequence; the halves of a surrogate pair are one, so that no piece ends between them. */
const ESCAPE =
  /^\\(?:ud[89ab][\da-f]{2}(?:\\u[\da-f]{4}|(?=[^\\]|\\[^u]))|u(?!d[89ab])[\da-f]{4}|[^u])/i;

const LONGEST_ESCAPE = 12;

/** Makes a reader for one call. Arguments that do not begin with the text give nothing. */
export function createCustomInputReader(): CustomInputReader {
  let rest = '';
  let place: 'before' | 'inside' | 'behind' = 'before';

  return {
    add(piece) {
      if (place === 'behind') return '';
      rest += piece;
      if (place === 'before') {
        const [before] = BEFORE.exec(rest) ?? [];
        if (before === undefined) return '';
        place = 'inside';
        rest = rest.slice(before.length);
      }
      const read = readCharacters(rest);
      rest = rest.slice(read.length);
      if (read.isEnd) place = 'behind';
      return read.text;
    },
    hasBegun: () => place !== 'before',
  };
}

/** The text up to its closing quote, or to an escape sequence that is not whole yet. */
function readCharacters(json: string): { text: string; length: number; isEnd: boolean } {
  let text = '';
  let length = 0;
  for (;;) {
    const [plain = ''] = /^[^"\\]*/.exec(json.slice(length)) ?? [];
    text += plain;
    length += plain.length;
    if (json[length] !== '\\') return { text, length, isEnd: json[length] === '"' };
    const [escape] = ESCAPE.exec(json.slice(length, length + LONGEST_ESCAPE)) ?? [];
    if (escape === undefined) return { text, length, isEnd: false };
    text += toCharacter(escape);
    length += escape.length;
  }
}

function toCharacter(escape: string): string {
  try {
    return String(JSON.parse(`"${escape}"`));
  } catch {
    return escape;
  }
}
