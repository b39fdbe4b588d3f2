import { type ResponsesBody, toInputItems } from '../../dialects/openai-responses/body.ts';
import type { InputItem } from '../../dialects/openai-responses/input-item.ts';
import { readKeptItems } from '../../dialects/openai-responses/kept-items.ts';
import { toResponseIdOfItem } from '../../dialects/openai-responses/output-item.ts';
import type { StoredResponse } from '../../responses/response-store.ts';
import { RunError } from '../../run-error.ts';

/** Finds a response of the caller's. */
export type FindResponse = (id: string) => Promise<StoredResponse | undefined>;

type Reference = Extract<InputItem, { type: 'item_reference' }>;

/**
 * The whole conversation: what the previous response holds, then the request's own items, with stored
 * ones in place of references. Throws `invalid-request`, and `not-found` for an unknown item.
 */
export async function toWholeInput(
  {
    previous_response_id: previousId,
    input,
  }: Pick<ResponsesBody, 'previous_response_id' | 'input'>,
  find: FindResponse,
): Promise<InputItem[]> {
  const previous = previousId ? readKeptItems(await findPrevious(previousId, find)) : [];
  const own = await Promise.all(
    toInputItems(input).map(async (item, index) =>
      item.type === 'item_reference' ? findItem(item, `input.${index}`, find) : item,
    ),
  );
  return [...previous, ...own];
}

async function findPrevious(id: string, find: FindResponse): Promise<StoredResponse> {
  const stored = await find(id);
  const param = 'previous_response_id';
  if (!stored) {
    throw new RunError('invalid-request', `Previous response with id '${id}' not found.`, {
      param,
      details: { code: 'previous_response_not_found' },
    });
  }
  const status = stored.response['status'];
  if (status === 'completed' || status === 'incomplete') return stored;
  throw new RunError(
    'invalid-request',
    `Previous response with id '${id}' cannot be continued: it is ${String(status)}.`,
    { param },
  );
}

async function findItem({ id }: Reference, param: string, find: FindResponse): Promise<InputItem> {
  const stored = await find(toResponseIdOfItem(id) ?? '');
  const item = stored && readKeptItems(stored).find((kept) => kept['id'] === id);
  if (item) return item;
  throw new RunError('not-found', `Item with id '${id}' not found.`, { param });
}
