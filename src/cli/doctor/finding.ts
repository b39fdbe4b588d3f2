import type { Paint } from '../paint.ts';

/** What a check found out. */
export type Finding = {
  name: string;
  state: keyof typeof MARKS;
  text: string;
  /** What to do about it; stands with everything that is not ok. */
  advice?: string | undefined;
};

const MARKS = {
  ok: ['green', '✓'],
  warning: ['yellow', '!'],
  failed: ['red', '✗'],
  skipped: ['dim', '-'],
} as const;

export function ok(name: string, text: string): Finding {
  return { name, state: 'ok', text };
}

export function failed(name: string, text: string, advice: string): Finding {
  return { name, state: 'failed', text, advice };
}

export function warning(name: string, text: string, advice: string): Finding {
  return { name, state: 'warning', text, advice };
}

/** What could not be looked at because of what failed before. */
export function skipped(name: string, text: string): Finding {
  return { name, state: 'skipped', text };
}

/** One line, and a second one with what to do. */
export function toLine({ name, state, text, advice }: Finding, paint: Paint): string {
  const [colour, mark] = MARKS[state];
  const line = `${paint(colour, mark)} ${name}: ${text}`;
  return advice === undefined ? line : `${line}\n  ${paint('bold', '→')} ${advice}`;
}

/** One sentence of whatever was thrown. */
export function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
