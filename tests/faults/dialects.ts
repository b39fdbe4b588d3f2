import { CALLS } from '../support/calls.ts';
import type { Product } from './start-product.ts';

/** One small request in each API. */
export const DIALECTS = {
  ...CALLS,
  responses: {
    path: '/v1/responses',
    toBody: (text: string) => ({ model: 'sonnet', input: text, store: false }),
  },
};

export type DialectName = keyof typeof DIALECTS;

export const DIALECT_NAMES = Object.keys(DIALECTS) as DialectName[]; // its own keys

/** Says one text in the dialect. */
export function say(
  product: Pick<Product, 'send'>,
  name: DialectName,
  text: string,
  { stream = false } = {},
): Promise<Response> {
  const { path, toBody } = DIALECTS[name];
  return product.send(path, { ...toBody(text), stream });
}
