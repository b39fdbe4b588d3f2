import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { NotLinear, toLinearPattern } from './linear-pattern.ts';

/** What is wrong with a value, if anything is. */
export type FindComplaint = (value: unknown) => string | undefined;

/**
 * Makes the check of one JSON Schema, with a validator of its own. Throws what the validator says of a
 * schema that it cannot use, and `NotLinear` for patterns that are not, unless they may be anything.
 */
export function compileSchema(
  schema: Readonly<Record<string, unknown>>,
  { mayTakeLong }: { mayTakeLong: boolean },
): FindComplaint {
  // `$schema` chose the validator; `$async` would make its verdict a promise, and never a no.
  const { $schema: dialect, $async: _, ...body } = schema;
  let notLinear: NotLinear | undefined;
  const linear = (pattern: string) => {
    try {
      return toLinearPattern(pattern);
    } catch (error) {
      if (error instanceof NotLinear) notLinear = error;
      throw error;
    }
  };
  const ajv = createAjv(dialect, mayTakeLong ? undefined : linear);
  try {
    const validate = ajv.compile(body);
    return (value) =>
      validate(value) ? undefined : ajv.errorsText(validate.errors, { dataVar: 'answer' });
  } catch (error) {
    throw notLinear ?? error;
  }
}

/** Old and new JSON Schema differ in a few words; formats are left to the model. */
function createAjv(dialect: unknown, toPattern: typeof toLinearPattern | undefined) {
  const isOld = typeof dialect === 'string' && dialect.includes('draft-0');
  const regExp = toPattern && Object.assign(toPattern, { code: 'toPattern' });
  const options = {
    strict: false,
    validateFormats: false,
    logger: false,
    ...(regExp && { code: { regExp } }),
  } as const;
  return isOld ? new Ajv(options) : new Ajv2020(options);
}
