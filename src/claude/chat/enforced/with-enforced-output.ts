import type { ExpiringMap } from '../../../common/expiring-map.ts';
import type { RunRequest, WantedOutput } from '../../../run.ts';
import { RunError } from '../../../run-error.ts';
import type { ChatRequest, ChatRun } from '../chat-request.ts';
import { toEnforceableSchema } from '../../process/enforceable-schema.ts';

/** Schemas that the API does not take, by model and schema, with its complaint. */
export type RefusedSchemas = ExpiringMap<{ model: string; refusal: RunError }>;

type JsonOutput = Extract<WantedOutput, { type: 'json' }>;

/**
 * The API's complaints about an output's schema name the field or the schema; those about a tool's
 * schema name the tool.
 */
const NAMES_TOOL = /\btools\.\d|\binput_schema\b/;
const NAMES_SCHEMA =
  /^(?!.*(\btools\.\d|\binput_schema\b)).*(output_config|output_format|schema|grammar|structured output)/is;

const ANY_OBJECT = { type: 'object' };

/** JSON of any shape, and a schema that the API refuses, are the CLI's to enforce. */
export function withEnforcedOutput(run: ChatRun, refused: RefusedSchemas): ChatRun {
  return (request, signal) => {
    const { output } = request;
    return output.type === 'text' ? run(request, signal) : runJson(request, output, signal);
  };

  async function* runJson(
    request: ChatRequest,
    output: JsonOutput,
    signal: AbortSignal,
  ): ReturnType<ChatRun> {
    const key = JSON.stringify([request.model, output.schema]);
    let hasBegun = false;
    if (output.schema !== undefined && !refused.get(key)) {
      try {
        for await (const event of run(request, signal)) {
          hasBegun ||= event.type !== 'run-progress';
          yield event;
        }
        return;
      } catch (error) {
        if (hasBegun || !isInvalid(error, NAMES_SCHEMA)) throw error;
        refused.set(key, { model: request.model, refusal: error });
      }
    }
    try {
      yield* run(toEnforced(request, output), signal);
    } catch (error) {
      const refusal = refused.get(key)?.refusal;
      const isSameAgain = request.tools.length === 0 && isInvalid(error, NAMES_TOOL);
      throw refusal && isSameAgain ? toSchemaRefusal(refusal, output) : error;
    }
  }
}

/** The model answers through a tool of the CLI's, so it has to be free to call one. */
function toEnforced(request: RunRequest, { schema }: JsonOutput): ChatRequest {
  const enforced = { schema: schema ? toEnforceableSchema(schema) : ANY_OBJECT };
  return request.toolChoice.type === 'none'
    ? { ...request, enforced, tools: [], toolChoice: { type: 'auto' } }
    : { ...request, enforced };
}

function isInvalid(error: unknown, pattern: RegExp): error is RunError {
  return (
    error instanceof RunError && error.code === 'invalid-request' && pattern.test(error.message)
  );
}

/** Neither way is open: what the API said first is what the caller can mend. */
function toSchemaRefusal({ message, cause }: RunError, { path }: JsonOutput) {
  return new RunError('invalid-request', message, { param: path, cause });
}
