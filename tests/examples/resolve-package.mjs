import { registerHooks } from 'node:module';

/** The package by its own name, without a build. */
registerHooks({
  resolve: (name, context, next) =>
    next(
      name === 'claude-code-proxy' ? new URL('../../src/index.ts', import.meta.url).href : name,
      context,
    ),
});
