import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

import type { Run, RunEnd, RunRequest, WantedOutput } from '../run.ts';
import { RunError } from '../run-error.ts';

type JsonOutput = Extract<WantedOutput, { type: 'json' }>;
type Check = (value: unknown) => string | undefined;

/** The API's complaints about a schema name the field, or the schema. */
const NAMES_SCHEMA = /output_config|output_format|json_schema|schema/i;

const MAX_REMEMBERED = 1000;

/**
 * Holds answers to the JSON that was asked for. A schema that the API refuses is enforced by the CLI
 * instead. Every answer is checked, whoever enforced it: throws `upstream-failed` for one that does
 * not fit, after its text went out if it was streamed. Refusals and cut-off answers pass as they are.
 */
export function withStructuredOutput(run: Run): Run {
  const refusedByApi = new Set<string>();

  return async function* structured(request, signal) {
    const { output } = request;
    if (output.type === 'text') {
      yield* run(request, signal);
      return;
    }
    const check = toCheck(output.schema);
    const key = JSON.stringify(output.schema);
    if (refusedByApi.has(key)) {
      yield* checked(run, toRefused(request, output), signal, check);
      return;
    }
    try {
      yield* checked(run, request, signal, check);
    } catch (error) {
      if (request.agent || !isAboutSchema(error)) throw error;
      if (refusedByApi.size >= MAX_REMEMBERED) refusedByApi.clear();
      refusedByApi.add(key);
      yield* checked(run, toRefused(request, output), signal, check);
    }
  };
}

function toRefused(request: RunRequest, output: JsonOutput): RunRequest {
  return { ...request, output: { ...output, isRefusedByApi: true } };
}

/** Only what fails before the first event is an `invalid-request`. */
function isAboutSchema(error: unknown) {
  return (
    error instanceof RunError &&
    error.code === 'invalid-request' &&
    NAMES_SCHEMA.test(error.message)
  );
}

async function* checked(run: Run, request: RunRequest, signal: AbortSignal, check: Check) {
  let text = '';
  const textParts = new Set<number>();
  for await (const event of run(request, signal)) {
    if (event.type === 'part-start' && event.part.type === 'text') textParts.add(event.index);
    if (event.type === 'part-delta' && textParts.has(event.index)) text += event.delta;
    if (event.type === 'run-end' && event.finish === 'stop') checkAnswer(event, text, check);
    yield event;
  }
}

function checkAnswer({ agent }: RunEnd, text: string, check: Check) {
  const complaint = check(agent ? agent.structuredOutput : readJson(text));
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

function toCheck(schema: JsonOutput['schema']): Check {
  const ajv = createAjv(schema);
  const { $schema: _, ...body } = schema ?? { type: 'object' };
  try {
    const validate = ajv.compile(body);
    return (value) => {
      if (value === undefined) return 'it is not JSON';
      return validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'answer' });
    };
  } catch (cause) {
    throw new RunError('invalid-request', `The schema cannot be used: ${String(cause)}.`, {
      cause,
    });
  }
}

/** Old and new JSON Schema differ in a few words; formats are left to the model. */
function createAjv(schema: JsonOutput['schema']) {
  const dialect = schema?.['$schema'];
  const isOld = typeof dialect === 'string' && dialect.includes('draft-0');
  const options = { strict: false, validateFormats: false, logger: false } as const;
  return isOld ? new Ajv(options) : new Ajv2020(options);
}
