/** Which requests are asked for; what is left out does not matter. */
export type RequestFilter = {
  keyId?: string | undefined;
  /** The one that answered, or the name by which the caller asked for it. */
  model?: string | undefined;
  dialect?: string | undefined;
  /** How they finished, the code of their failure, or one of `done`, `failed` and `cancelled`. */
  outcome?: string | undefined;
  /** When they ended, in milliseconds since 1970; `toMs` itself is left out. */
  fromMs?: number | undefined;
  toMs?: number | undefined;
  /** Stands in the request's id, or in the sentence of its failure. */
  text?: string | undefined;
};

/** What each part of a filter asks of a row. */
const CONDITIONS = {
  keyId: 'keyId = $keyId',
  model: '(model = $model OR requestedModel = $model)',
  dialect: 'dialect = $dialect',
  outcome: '(outcome = $outcome OR status = $outcome)',
  fromMs: 'endedAtMs >= $fromMs',
  toMs: 'endedAtMs < $toMs',
  text: '(instr(lower(id), lower($text)) > 0 OR instr(lower(error), lower($text)) > 0)',
} as const satisfies Record<keyof RequestFilter, string>;

/** The filter as a condition of SQL, and the values that it names. */
export function toCondition(filter: RequestFilter) {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return {
    sql: given.map(([name]) => `AND ${CONDITIONS[name as keyof RequestFilter]}`).join(' '), // `entries` forgets the names
    values: Object.fromEntries(given),
  };
}
