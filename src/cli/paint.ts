import { styleText } from 'node:util';

import type { Environment } from '../config.ts';

type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

/** Colours only on a terminal, and not where NO_COLOR is set: https://no-color.org */
export function createPaint({
  isTerminal,
  environment,
}: {
  isTerminal: boolean | undefined;
  environment: Environment;
}): Paint {
  if (!isTerminal || environment['NO_COLOR']) return (_, text) => text;
  return (colour, text) => styleText(colour, text, { validateStream: false });
}
