import { DEFINITIONS, type Definitions, type TypeSchema } from './type-schema.ts';

/** What became of a body: a 400, or a request; `named` are the parameters that were said to be ignored. */
type Outcome = 'refused' | { named: readonly string[]; request: string };

export type FieldSearch = {
  definitions: Definitions;
  /** The type of the body. */
  type: string;
  judge: (body: Readonly<Record<string, unknown>>) => Outcome;
  /** What fields of these names are given; others get the same text, number or `true`. */
  values: Readonly<Record<string, unknown>>;
};

type Build = (value: unknown) => Outcome;

type Place = { path: string; build: Build; above: readonly string[] };

/**
 * The documented fields, by their paths (`*` is any place in a list), that change nothing of the request
 * that is carried out, are not refused, and are not named either.
 */
export function findSilentFields({ definitions, type, judge, values }: FieldSearch): string[] {
  const silent = new Set<string>();
  walk(
    { $ref: DEFINITIONS + type },
    { path: '', build: (value) => judge(Object(value)), above: [] },
  );
  return [...silent].toSorted();

  function walk(schema: TypeSchema, { path, build, above }: Place) {
    for (const { member, name } of toMembers(schema)) {
      if (name !== undefined && above.includes(name)) continue;
      const inside = name === undefined ? above : [...above, name];
      const minimal = toValue(member, '');
      if (path !== '' && isTold(build(minimal), path)) continue;
      if (member.items)
        walk(member.items, {
          path: join(path, '*'),
          build: (value) => build([value]),
          above: inside,
        });
      for (const [field, fieldSchema] of Object.entries(member.properties ?? {})) {
        const place = {
          path: join(path, field),
          build: (value: unknown) => build({ ...Object(minimal), [field]: value }),
          above: inside,
        };
        const bare = (member.required ?? []).includes(field) ? undefined : build(minimal);
        if (isSilent(fieldSchema, field, place, bare)) silent.add(place.path);
        walk(fieldSchema, place);
      }
    }
  }

  /** Whether no value of a field makes a difference: from none at all, or from each other. */
  function isSilent(schema: TypeSchema, field: string, place: Place, bare: Outcome | undefined) {
    const all = toValues(schema, field);
    if (all.length === 0) return false;
    const outcomes = all.map(place.build);
    if (outcomes.some((outcome) => isTold(outcome, place.path))) return false;
    const requests = new Set([bare, ...outcomes].map(toRequest).filter((one) => one !== undefined));
    return requests.size === 1 && all.length + (bare ? 1 : 0) > 1;
  }

  /** Several values of a type. */
  function toValues(schema: TypeSchema, field: string): unknown[] {
    if (field in values) return [values[field]];
    const all = toMembers(schema).flatMap(({ member }) => {
      const value = toValue(member, field);
      if (member.enum) return member.enum;
      if ('const' in member) return [value];
      if (member.items) return toValues(member.items, field).map((item) => [item]);
      if (isEmptyObject(value)) return []; // its fields are tried one by one
      if (value === true) return [true, false];
      if (value === 1) return [1, 2];
      return typeof value === 'string' ? [value, `${value}2`] : [value];
    });
    return all.filter((value) => value !== null);
  }

  function toValue(schema: TypeSchema, field: string): unknown {
    if (field in values) return values[field];
    const [first] = toMembers(schema);
    const member = first?.member ?? {};
    if ('const' in member) return member.const;
    if (member.enum) return member.enum[0];
    switch (member.type) {
      case 'object':
        return Object.fromEntries(
          (member.required ?? []).map((name) => [
            name,
            toValue(member.properties?.[name] ?? {}, name),
          ]),
        );
      case 'array':
        return [toValue(member.items ?? {}, field)];
      case 'number':
        return 1;
      case 'boolean':
        return true;
      case 'null':
        return null;
      default:
        return 'text';
    }
  }

  /** The members of a union, unions inside it too. */
  function toMembers(schema: TypeSchema, name?: string): { member: TypeSchema; name?: string }[] {
    if (schema.$ref) {
      const referred = decodeURIComponent(schema.$ref.slice(DEFINITIONS.length));
      return toMembers(definitions[referred] ?? {}, referred);
    }
    if (schema.anyOf) return schema.anyOf.flatMap((one) => toMembers(one, name));
    if (Array.isArray(schema.type))
      return schema.type.map((type_) => ({ member: { ...schema, type: type_ } }));
    return [{ member: schema, ...(name !== undefined && { name }) }];
  }
}

/** Whether a body was refused, or a path or what it stands in was named. */
function isTold(outcome: Outcome, path: string): boolean {
  if (outcome === 'refused') return true;
  const names = outcome.named.map((name) => name.replaceAll(/\b\d+\b/g, '*'));
  return names.some((name) => path === name || path.startsWith(`${name}.`));
}

function isEmptyObject(value: unknown) {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function toRequest(outcome: Outcome | undefined) {
  return typeof outcome === 'object' ? outcome.request : undefined;
}

function join(path: string, name: string) {
  return path === '' ? name : `${path}.${name}`;
}
