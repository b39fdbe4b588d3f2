import { RE2JS } from 're2js';

/** What `\s` means in JavaScript; RE2 knows the ASCII ones only. */
const BLANKS = String.raw`\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`;

/** What `.` does not match in JavaScript. */
const LINE_ENDS = String.raw`\n\r\x{2028}\x{2029}`;

/** The pattern cannot be matched in linear time, or not with the meaning that it has in JavaScript. */
export class NotLinear extends Error {}

/**
 * A regular expression that takes time in proportion to the text, whatever the pattern: lookaround,
 * back references and the like are `NotLinear`. Throws a `SyntaxError` for what is no pattern at all.
 */
export function toLinearPattern(pattern: string): { test: (text: string) => boolean } {
  const native = new RegExp(pattern, 'u');
  try {
    return RE2JS.compile(toSameMeaning(RE2JS.translateRegExp(native)));
  } catch (cause) {
    throw new NotLinear(pattern, { cause });
  }
}

function toSameMeaning(source: string): string {
  let isInClass = false;
  return source.replaceAll(/\\.|[[\].]/gs, (token) => {
    if (token === '[') isInClass = true;
    else if (token === ']') isInClass = false;
    else if (token === String.raw`\s`) return isInClass ? BLANKS : `[${BLANKS}]`;
    else if (token === String.raw`\S`) {
      if (isInClass) throw new NotLinear(source);
      return `[^${BLANKS}]`;
    } else if (token === '.' && !isInClass) return `[^${LINE_ENDS}]`;
    return token;
  });
}
