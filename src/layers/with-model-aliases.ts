import type { RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';

/** What the API's and other back ends' model names are made of. */
const MODEL_NAME = /^[\w][\w.:@/[\]-]{0,255}$/;

/**
 * Replaces the operator's names for models (`gpt-4o` → `sonnet`). Throws `RunError` `model-not-found`
 * for what cannot be a model's name, since the name reaches the CLI.
 */
export function withModelAliases<Result>(
  run: (request: RunRequest, signal: AbortSignal) => Result,
  aliases: ReadonlyMap<string, string>,
): (request: RunRequest, signal: AbortSignal) => Result {
  return (request, signal) => {
    const model = aliases.get(request.model) ?? request.model;
    if (!MODEL_NAME.test(model)) {
      throw new RunError(
        'model-not-found',
        `The model \`${request.model.slice(0, 80)}\` does not exist.`,
      );
    }
    return run({ ...request, model }, signal);
  };
}
