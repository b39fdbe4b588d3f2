import { z } from 'zod';

import { isTooDeep, MOST_LEVELS } from '../../dialects/shared/is-too-deep.ts';
import { RunError } from '../../run-error.ts';

/** Made once for each schema: to make one takes longer than to check a body. */
const shallow = new WeakMap<z.ZodType, z.ZodType>();

/** The same schema, for what is not nested too deep only. */
export function withoutDepths<Body>(schema: z.ZodType<Body>): z.ZodType<Body> {
  const known = shallow.get(schema) ?? toShallow(schema);
  shallow.set(schema, known);
  return known as z.ZodType<Body>; // made of this very schema
}

function toShallow(schema: z.ZodType): z.ZodType {
  const message = `is nested deeper than ${MOST_LEVELS} levels`;
  const Shallow = z.unknown().superRefine((body, context) => {
    const [field] = Object.entries(body ?? {}).find(([, value]) => isTooDeep(value)) ?? [];
    if (field === undefined) return;
    // A list's places are no fields.
    context.addIssue({ code: 'custom', path: Array.isArray(body) ? [] : [field], message });
  });
  return Shallow.pipe(schema);
}

/** What a failed check says to the caller: one field, and what is wrong with it. */
export function toInvalidRequest(issues: readonly z.core.$ZodIssue[]): RunError {
  const issue = toDeepestIssue(issues);
  const param = toPath(issue).join('.') || undefined;
  const complaint = issue.message.endsWith('received undefined') ? 'is required' : issue.message;
  return new RunError('invalid-request', `${param ?? 'The body'}: ${complaint}`, { param });
}

/** A key that nobody knows is named, not only the object in which it stands. */
function toPath(issue: z.core.$ZodIssue) {
  return issue.code === 'unrecognized_keys'
    ? [...issue.path, ...issue.keys.slice(0, 1)]
    : issue.path;
}

/** A union complains once for each of its members; what came furthest is what the caller meant. */
function toDeepestIssue(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const [issue] = issues;
  if (!issue) throw new TypeError('A failed check has at least one issue.');
  if (issue.code !== 'invalid_union') return issue;
  const [deepest] = issue.errors
    .filter((branch) => branch.length > 0)
    .map(toDeepestIssue)
    .toSorted((one, other) => other.path.length - one.path.length);
  if (!deepest || deepest.path.length === 0) return issue;
  return { ...deepest, path: [...issue.path, ...deepest.path] };
}
