/** Rows of cells as lines of CSV (RFC 4180); `null` is an empty cell. */
export function toCsvLines(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((cells) => `${cells.map(toCell).join(',')}\r\n`).join('');
}

/** What a caller wrote must not become a formula where a spreadsheet opens the file. */
const FORMULA = /^[=+\-@\t\r]/;

function toCell(value: string | number | null) {
  if (typeof value !== 'string') return String(value ?? '');
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
