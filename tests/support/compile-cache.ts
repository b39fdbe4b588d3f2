import { join } from 'node:path';

/**
 * Where programs that tests start keep what Node made of the sources: a start with it costs half. It is
 * in no folder that a test looks at.
 */
export const COMPILE_CACHE = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/node-compile'),
};
