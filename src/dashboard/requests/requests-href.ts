/** What the address of the page can ask for. */
type Asked = Partial<
  Record<'key' | 'model' | 'api' | 'outcome' | 'from' | 'to' | 'text' | 'cursor', string>
>;

/** The address of the requests that these changes of a query ask for. Default: of an empty query. */
export function toRequestsHref(changes: Asked, query?: URLSearchParams): string {
  return withQuery('/requests', changes, query);
}

/** A path with a query changed; what is empty is left out. */
export function withQuery(
  path: string,
  changes: Readonly<Record<string, string>>,
  query: URLSearchParams = new URLSearchParams(),
): string {
  const all = { ...Object.fromEntries(query), ...changes };
  const given = Object.entries(all).filter(([, value]) => value !== '');
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}
