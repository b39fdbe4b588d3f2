const DECIMAL = /^-?\d+(\.\d+)?$/;

/** The number that a person wrote in plain digits; `NaN` for anything else, such as nothing or `1e3`. */
export function toDecimal(text: string): number {
  return DECIMAL.test(text.trim()) ? Number(text) : NaN;
}
