import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

import type { WantedOutput } from '../run.ts';
import { RunError } from '../run-error.ts';
import { createTimeLimit, WorkTooLong } from './time-limit.ts';

type JsonOutput = Extract<WantedOutput, { type: 'json' }>;

/** What is wrong with an answer, if anything is; `undefined` stands for an answer that is not there. */
export type Check = (value: unknown) => string | undefined;

/** Patterns are the caller's, and answers can be made to defeat them: a check must not hold up the rest. */
const LIMIT_MS = 1000;

const ANY_OBJECT: Record<string, unknown> = { type: 'object' };

/**
 * Makes the place where schemas become checks. Throws `invalid-request` for a schema that cannot be
 * used, and so does its check when it does not come to an end.
 */
export function createAnswerChecks(limitMs = LIMIT_MS): (output: JsonOutput) => Check {
  const limit = createTimeLimit(limitMs);

  return ({ schema = ANY_OBJECT, path }) => {
    const inTime = <Result>(work: () => Result): Result => {
      try {
        return limit(work);
      } catch (cause) {
        throw toSchemaError(cause, path);
      }
    };
    // `$schema` chose the validator; `$async` would make its verdict a promise, and never a no.
    const { $schema: dialect, $async: _, ...body } = schema;
    const ajv = createAjv(dialect);
    const validate = inTime(() => ajv.compile(body));
    return (value) => {
      if (value === undefined) return 'there is no JSON';
      const isValid = inTime(() => validate(value));
      return isValid ? undefined : ajv.errorsText(validate.errors, { dataVar: 'answer' });
    };
  };
}

/** Old and new JSON Schema differ in a few words; formats are left to the model. */
function createAjv(dialect: unknown) {
  const isOld = typeof dialect === 'string' && dialect.includes('draft-0');
  const options = { strict: false, validateFormats: false, logger: false } as const;
  return isOld ? new Ajv(options) : new Ajv2020(options);
}

function toSchemaError(cause: unknown, path: string | undefined) {
  const complaint =
    cause instanceof WorkTooLong
      ? 'the schema takes too long to check; simplify its patterns'
      : `the schema cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`;
  const sentence = path === undefined ? complaint : `${path}: ${complaint}`;
  return new RunError('invalid-request', `${sentence}.`, { param: path, cause });
}
