import type { Steering } from '../backend.ts';
import type { CountTokens, Run, RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';

/** What the API's and other back ends' model names are made of. */
const MODEL_NAME = /^[\w][\w.:@/[\]-]{0,255}$/;

/** The operator's names for models → the models that they mean. */
type Aliases = ReadonlyMap<string, string>;

/**
 * Replaces the operator's names for models (`gpt-4o` → `sonnet`). Throws `RunError` `model-not-found`
 * for what cannot be a model's name, since the name reaches the CLI.
 */
export function withModelAliases(run: Run, aliases: Aliases): Run {
  return (request, signal) => run(withNamedSubagents(toNamed(request, aliases), aliases), signal);
}

/** Counts for the model that is meant, as `withModelAliases` runs. */
export function countWithModelAliases(countTokens: CountTokens, aliases: Aliases): CountTokens {
  return async (request, signal) => countTokens(toNamed(request, aliases), signal);
}

/** Changes to the model that is meant, as `withModelAliases` runs. */
export function steerWithModelAliases(steering: Steering, aliases: Aliases): Steering {
  return {
    ...steering,
    change: async (runId, { model, ...change }) =>
      steering.change(runId, {
        ...change,
        ...(model !== undefined && toNamed({ model }, aliases)),
      }),
  };
}

function withNamedSubagents(request: RunRequest, aliases: Aliases): RunRequest {
  const { agent } = request;
  if (!agent?.subagents) return request;
  const named = Object.entries(agent.subagents).map(([name, { model, ...subagent }]) => {
    const meant = model === undefined ? {} : toNamed({ model }, aliases);
    return [name, { ...subagent, ...meant }] as const;
  });
  return { ...request, agent: { ...agent, subagents: Object.fromEntries(named) } };
}

function toNamed<Named extends Pick<RunRequest, 'model'>>(request: Named, aliases: Aliases): Named {
  const model = aliases.get(request.model) ?? request.model;
  if (!MODEL_NAME.test(model)) {
    throw new RunError(
      'model-not-found',
      `The model \`${request.model.slice(0, 80)}\` does not exist.`,
    );
  }
  return { ...request, model };
}
