/** Made when a page is first shown: with the first of them come 5 MB of ICU's data. */
const formats: { whole?: Intl.NumberFormat; short?: Intl.NumberFormat } = {};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** 1234 → "1,234", 1234567 → "1.2M" */
export function toCount(count: number): string {
  const whole = (formats.whole ??= new Intl.NumberFormat('en', { maximumFractionDigits: 0 }));
  const short = (formats.short ??= new Intl.NumberFormat('en', {
    notation: 'compact',
    maximumFractionDigits: 1,
  }));
  return count < 100_000 ? whole.format(count) : short.format(count);
}

/** 840 → "840 ms", 12345 → "12.3 s", 605000 → "10 min 5 s" */
export function toDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < MINUTE_MS) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < HOUR_MS) return toTwo(Math.round(ms / 1000), 60, 'min', 's');
  if (ms < 2 * DAY_MS) return toTwo(Math.round(ms / MINUTE_MS), 60, 'h', 'min');
  return `${Math.floor(ms / DAY_MS)} days`;
}

/** 0.0123 → "$0.0123", 12.3 → "$12.30" */
export function toDollars(dollars: number): string {
  if (dollars === 0) return '$0';
  return dollars < 0.1 ? `$${dollars.toFixed(4)}` : `$${dollars.toFixed(2)}`;
}

function toTwo(amount: number, size: number, large: string, small: string) {
  const rest = amount % size;
  const first = `${Math.floor(amount / size)} ${large}`;
  return rest === 0 ? first : `${first} ${rest} ${small}`;
}
