/** The cheapest token costs more than the tenth digit. */
const DIGITS = 10;

/** US dollars without what adding them up leaves behind: 0.042027999999999996 → 0.042028. */
export function roundUsd(dollars: number): number {
  return Number(dollars.toFixed(DIGITS));
}
