import type { Run, RunEnd, RunRequest, WantedOutput } from '../run.ts';
import { RunError } from '../run-error.ts';
import { type Check, createAnswerChecks } from './answer-check.ts';
import { toEnforceableSchema } from '../claude/chat/enforceable-schema.ts';

type JsonOutput = Extract<WantedOutput, { type: 'json' }>;

/**
 * The API's complaints about an output's schema name the field or the schema; those about a tool's
 * schema name the tool.
 */
const NAMES_TOOL = /\btools\.\d|\binput_schema\b/;
const NAMES_SCHEMA =
  /^(?!.*(\btools\.\d|\binput_schema\b)).*(output_config|output_format|schema|grammar|structured output)/is;

const MAX_REMEMBERED = 1000;

/**
 * Holds answers to the JSON that was asked for. A schema that the API refuses is enforced by the CLI
 * instead. Every answer is checked, whoever enforced it: throws `upstream-failed` for one that does
 * not fit, after its text went out if it was streamed. Refusals and cut-off answers pass as they are.
 */
export function withStructuredOutput(run: Run): Run {
  const toCheck = createAnswerChecks();
  const refusals = new Map<string, RunError>();

  return (request, signal) => {
    const { output } = request;
    return output.type === 'text' ? run(request, signal) : structured(request, output, signal);
  };

  async function* structured(
    request: RunRequest,
    output: JsonOutput,
    signal: AbortSignal,
  ): ReturnType<Run> {
    const check = await toCheck(output);
    const key = JSON.stringify([request.model, output.schema]);
    const isForApi = !request.agent && output.schema !== undefined && !refusals.has(key);
    let hasBegun = false;
    if (isForApi) {
      try {
        for await (const event of checked(run, request, signal, check)) {
          hasBegun ||= event.type !== 'run-progress';
          yield event;
        }
        return;
      } catch (error) {
        if (hasBegun || !isInvalid(error, NAMES_SCHEMA)) throw error;
        if (refusals.size >= MAX_REMEMBERED) refusals.clear();
        refusals.set(key, error);
      }
    }
    try {
      yield* checked(run, toEnforced(request, output), signal, check);
    } catch (error) {
      const refusal = refusals.get(key);
      const isSameAgain = request.tools.length === 0 && isInvalid(error, NAMES_TOOL);
      throw refusal && isSameAgain ? toSchemaRefusal(refusal, output) : error;
    }
  }
}

/** The model answers through a tool of the CLI's, so it has to be free to call one. */
function toEnforced(request: RunRequest, output: JsonOutput): RunRequest {
  const schema = output.schema && toEnforceableSchema(output.schema);
  const enforced = { ...request, output: { ...output, schema, isRefusedByApi: true as const } };
  return request.toolChoice.type === 'none'
    ? { ...enforced, tools: [], toolChoice: { type: 'auto' } }
    : enforced;
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

async function* checked(run: Run, request: RunRequest, signal: AbortSignal, check: Check) {
  let text = '';
  const textParts = new Set<number>();
  for await (const event of run(request, signal)) {
    if (event.type === 'part-start' && event.part.type === 'text') textParts.add(event.index);
    if (event.type === 'part-delta' && textParts.has(event.index)) text += event.delta;
    if (event.type === 'run-end' && event.finish === 'stop') await checkAnswer(event, text, check);
    yield event;
  }
}

async function checkAnswer({ agent }: RunEnd, text: string, check: Check) {
  const complaint = await check(agent ? agent.structuredOutput : readJson(text));
  if (complaint === undefined) return;
  throw new RunError(
    'upstream-failed',
    `The model's answer does not fit the schema that was asked for: ${complaint}.`,
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
