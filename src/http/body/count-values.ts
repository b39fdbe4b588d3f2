import { RunError } from '../../run-error.ts';

/**
 * Values (elements, parts, fields) that one body may hold. The largest seen of real clients, two hundred
 * tools and thousands of messages, have a third of it; a hundred thousand take 0.1 s to read and check.
 */
const MOST_VALUES = 100_000;

/** Fields of one object: many different names cost far more than many objects of the same shape. */
const MOST_FIELDS = 10_000;

/** Deeper levels are not told apart: they are refused by another check. */
const DEEPEST = 1000;

const [QUOTE, COMMA, BACKSLASH] = ['"', ',', '\\'].map(toCode);
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = ['[', ']', '{', '}'].map(toCode);

/** Counts what stands in a JSON text, piece by piece, before anything is made of it. */
export type ValueCounter = {
  /** Reads on. Throws `request-too-large` as soon as there is too much. */
  add(bytes: Uint8Array): void;
  /** Values so far, none of them in a text. */
  readonly count: number;
};

/** Makes a counter for one body. It reads bytes: none of UTF-8's longer characters holds one that matters. */
export function createValueCounter(): ValueCounter {
  let count = 0;
  let isInText = false;
  let isEscaped = false;
  let depth = 0;
  /** Members so far of what is open at each level; `-1` for lists, which may be as long as all. */
  const members = new Int32Array(DEEPEST + 1);

  const note = () => {
    count += 1;
    if (count > MOST_VALUES) refuse(`more than ${MOST_VALUES} values`);
  };
  const open = (first: number) => {
    note();
    depth += 1;
    if (depth <= DEEPEST) members[depth] = first;
  };
  const next = () => {
    note();
    const before = depth <= DEEPEST ? (members[depth] ?? -1) : -1;
    if (before < 0) return;
    members[depth] = before + 1;
    if (before >= MOST_FIELDS) refuse(`an object of more than ${MOST_FIELDS} fields`);
  };

  return {
    add(bytes) {
      for (let index = 0; index < bytes.length; index += 1) {
        const byte = bytes[index];
        if (isInText) {
          if (isEscaped) isEscaped = false;
          else if (byte === BACKSLASH) isEscaped = true;
          else if (byte === QUOTE) isInText = false;
        } else if (byte === QUOTE) isInText = true;
        else if (byte === COMMA) next();
        else if (byte === OPEN_LIST) open(-1);
        else if (byte === OPEN_OBJECT) open(1);
        else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth = Math.max(0, depth - 1);
      }
    },
    get count() {
      return count;
    },
  };
}

function toCode(character: string) {
  return character.charCodeAt(0);
}

function refuse(what: string): never {
  throw new RunError(
    'request-too-large',
    `The request body holds ${what}, more than this server takes: send fewer in one request.`,
  );
}
