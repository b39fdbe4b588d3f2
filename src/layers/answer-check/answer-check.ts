import type { WantedOutput } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { createThread, ThreadFailure } from '../../threads/create-thread.ts';
import type { FindComplaint } from './compile-schema.ts';

type JsonOutput = Extract<WantedOutput, { type: 'json' }>;

/** What is wrong with an answer, if anything is; `undefined` stands for an answer that is not there. */
export type Check = (value: unknown) => Promise<string | undefined>;

/** What the thread is asked; without an answer, whether the schema can be used. */
export type AnswerCheck = {
  schema: Readonly<Record<string, unknown>>;
  answer: { value: unknown } | undefined;
};
export type AnswerVerdict = { schemaError: string } | { complaint: string | undefined };

/** Schemas and answers of more characters are left to the thread: even linear time becomes long then. */
const MOST_SCHEMA_HERE = 8_192;
const MOST_ANSWER_HERE = 10_000;

/** Schemas are the caller's, and their patterns can be made to take for ever. */
const LIMIT_MS = 5000;

const ANY_OBJECT: Record<string, unknown> = { type: 'object' };

/**
 * Makes the place where schemas become checks. Throws `invalid-request` for a schema that cannot be
 * used, and so does its check when it does not come to an end. Nobody else is held up: what is large,
 * or has a pattern that is not matched in linear time, is checked in a thread.
 */
export function createAnswerChecks(limitMs = LIMIT_MS): (output: JsonOutput) => Promise<Check> {
  const inThread = createThread({
    module: new URL('check-answer-thread', import.meta.url),
    limitMs,
  }) as (check: AnswerCheck) => Promise<AnswerVerdict>; // as its module says

  return async ({ schema = ANY_OBJECT, path }) => {
    const findThere = async (answer: AnswerCheck['answer']) => {
      const verdict = await inThread({ schema, answer }).catch((cause: unknown) => {
        throw cause instanceof ThreadFailure ? toTooLong(cause, path) : cause;
      });
      if ('schemaError' in verdict) throw toSchemaError(verdict.schemaError, path);
      return verdict.complaint;
    };
    const findHere = await compileHere(schema, path);
    if (!findHere) await findThere(undefined);
    return async (value) => {
      if (value === undefined) return 'there is no JSON';
      const isSmall = JSON.stringify(value).length <= MOST_ANSWER_HERE;
      return findHere && isSmall ? findHere(value) : findThere({ value });
    };
  };
}

/** The compiler is loaded for the first schema: most servers never see one. */
async function compileHere(
  schema: Readonly<Record<string, unknown>>,
  path: string | undefined,
): Promise<FindComplaint | undefined> {
  if (JSON.stringify(schema).length > MOST_SCHEMA_HERE) return undefined;
  const { compileSchema } = await import('./compile-schema.ts');
  const { NotLinear } = await import('./linear-pattern.ts');
  try {
    return compileSchema(schema, { mayTakeLong: false });
  } catch (error) {
    if (error instanceof NotLinear) return undefined;
    throw toSchemaError(error instanceof Error ? error.message : String(error), path, error);
  }
}

function toSchemaError(complaint: string, path: string | undefined, cause?: unknown) {
  return toRefusal(`the schema cannot be used: ${complaint}`, path, cause);
}

function toTooLong(cause: ThreadFailure, path: string | undefined) {
  return toRefusal('the schema takes too long to check; simplify its patterns', path, cause);
}

function toRefusal(complaint: string, path: string | undefined, cause: unknown) {
  const sentence = path === undefined ? complaint : `${path}: ${complaint}`;
  return new RunError('invalid-request', `${sentence}.`, { param: path, cause });
}
