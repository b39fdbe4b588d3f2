/** A permission rule of the CLI: for a whole tool (`Read`), or for some of what it does (`Bash(git log *)`). */
export type ToolRule = { tool: string; pattern: string | undefined };

const RULE = /^(?<tool>[A-Za-z_][\w.-]*)(?:\((?<pattern>[^\n]*)\))?$/;

/**
 * Reads one rule. `undefined` for what is none, and for what the CLI would take for several: it splits a list
 * at commas and blanks outside parentheses, and the first `)` ends those.
 */
export function readToolRule(text: string): ToolRule | undefined {
  const { tool, pattern } = RULE.exec(text)?.groups ?? {};
  if (tool === undefined) return undefined;
  const isOne = pattern === undefined || (isBalanced(pattern) && !/\).*[\s,]/.test(pattern));
  return isOne ? { tool, pattern } : undefined;
}

/** Whether the pattern never closes the parenthesis in which it stands. */
function isBalanced(pattern: string) {
  let depth = 0;
  for (const character of pattern) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
