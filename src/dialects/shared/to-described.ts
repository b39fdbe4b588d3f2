type Schema = Record<string, unknown>;

/** A schema with what its format is for, unless it says so itself: nothing else tells the model. */
export function toDescribed(
  schema: Schema | undefined,
  { description }: { description?: string | null | undefined },
): Schema | undefined {
  return schema && description ? { description, ...schema } : schema;
}
