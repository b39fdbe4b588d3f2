import type { Keys } from './property-keys.ts';

/** Arguments that arrive piece by piece, with other names at their top; what is not JSON passes as it is. */
export type StreamedKeys = {
  /** What can be handed on with this piece; a name is held back until it is whole. */
  add(piece: string): string;
  /** What was held back and never became whole. */
  end(): string;
};

/** Renames the keys of one streamed JSON object. */
export function renameStreamedKeys(keys: Keys): StreamedKeys {
  let depth = 0;
  let isKeyNext = false;
  let isInText = false;
  let isEscaped = false;
  /** A key at the top of which not everything is here, with its first quote. */
  let held: string | undefined;

  function read(character: string): string {
    if (isInText) return readInText(character);
    if (character === '"') {
      isInText = true;
      if (depth !== 1 || !isKeyNext) return character;
      held = character;
      return '';
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (character === '{' || character === ',') isKeyNext = depth === 1;
    else if (character === ':') isKeyNext = false;
    return character;
  }

  function readInText(character: string): string {
    const isEnd = character === '"' && !isEscaped;
    isEscaped = character === '\\' && !isEscaped;
    if (isEnd) isInText = false;
    if (held === undefined) return character;
    held += character;
    if (!isEnd) return '';
    const key = toRenamed(held, keys);
    held = undefined;
    return key;
  }

  return {
    add: (piece) => Array.from(piece, read).join(''),
    end() {
      const rest = held ?? '';
      held = undefined;
      return rest;
    },
  };
}

function toRenamed(json: string, keys: Keys) {
  try {
    const renamed = keys.get(String(JSON.parse(json)));
    return renamed === undefined ? json : JSON.stringify(renamed);
  } catch {
    return json;
  }
}
