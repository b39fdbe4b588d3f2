import type { MessagesBody } from '../messages-body.ts';

/** One thing that the API refuses. */
export type Rule = {
  /** Where the rule is known from. */
  source: string;
  /** Default 400. */
  status?: number;
  /** Default `invalid_request_error`. */
  type?: string;
  /** Does not hold for a request that only counts tokens. */
  generationOnly?: true;
  /** The API's own sentence when the request breaks the rule. */
  complaint: (body: MessagesBody) => string | undefined;
};

/** Complains about the first item that has something wrong with it. */
export function firstComplaint<Item>(
  items: readonly Item[],
  complaint: (item: Item, index: number) => string | undefined,
): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = complaint(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}
