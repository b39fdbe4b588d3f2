// How the scripts write amounts; src/dashboard/formats.ts does it for what the server writes.

/** 1234 → "1,234" */
export function toCount(count) {
  return (count ?? 0).toLocaleString('en');
}

/** 12345 → "12.3 s" */
export function toSeconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** 0.0123 → "$0.0123", 12.3 → "$12.30" */
export function toDollars(dollars) {
  return dollars === 0 ? '$0' : `$${dollars.toFixed(dollars < 0.1 ? 4 : 2)}`;
}
