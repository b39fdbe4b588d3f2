import type { Handler, Hono } from 'hono';

import type { CliStatus, Model, ReadCliStatus } from '../backend.ts';
import type { ApiKey } from '../keys/api-key.ts';
import { mayUseModel, toModelError } from '../keys/key-rules.ts';
import type { AppEnv } from '../http/variables.ts';
import { RunError } from '../run-error.ts';
import { toServedPaths } from './served-paths.ts';

/** The operator's names for models → the model they mean. */
export type Aliases = ReadonlyMap<string, string>;

/** The catalogue does not say when a model came out; one fixed date keeps clients that sort content. */
const RELEASED_AT = new Date('2026-01-01T00:00:00Z');

/** The largest page, as the Messages API has it. */
const MOST_ITEMS = 1000;

/** The routes of the models, as far as a key may use them. */
export function mountModels(
  app: Hono<AppEnv>,
  readCliStatus: ReadCliStatus,
  aliases: Aliases,
): void {
  app.on('GET', toServedPaths('/v1/models'), listModels(readCliStatus, aliases));
  app.on('GET', toServedPaths('/v1/models/:id{.+}'), getModel(readCliStatus, aliases));
}

/**
 * `GET /v1/models`: the CLI's catalogue by full id, then the operator's own names, as far as the key
 * may use them. One body that the OpenAI and the Anthropic clients both read.
 */
function listModels(readCliStatus: ReadCliStatus, aliases: Aliases): Handler<AppEnv> {
  return async (c) => {
    const { models: catalogue } = await readCliStatus();
    const usable = listUsable(c.var.key, catalogue, aliases);
    const all = usable.map(({ name, model }) => toItem(name, model));
    const { data, hasMore } = toPage(all, c.req.query());
    return c.json({
      object: 'list',
      data,
      has_more: hasMore,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    });
  };
}

/** `GET /v1/models/{id}`: a full id or any name for it. */
function getModel(readCliStatus: ReadCliStatus, aliases: Aliases): Handler<AppEnv> {
  return async (c) => {
    const id = c.req.param('id') ?? '';
    const { models } = await readCliStatus();
    const model = findModel({ models }, aliases.get(id) ?? id);
    if (!model) throw new RunError('model-not-found', `The model \`${id}\` does not exist.`);
    if (!mayUseModel(c.var.key, [id, model.id], models)) throw toModelError(id);
    return c.json(toItem(id, model));
  };
}

function findModel({ models }: Pick<CliStatus, 'models'>, name: string) {
  return models.find((model) => model.id === name || model.aliases.includes(name));
}

/** What a key may use: the catalogue by full id, then the operator's own names. */
export function listUsable(
  key: ApiKey,
  catalogue: readonly Model[],
  aliases: Aliases,
): { name: string; model: Model }[] {
  const models = catalogue.filter(({ id }) => mayUseModel(key, [id], catalogue));
  const renamed = [...aliases].flatMap(([alias, name]) => {
    const model = findModel({ models }, name);
    return model ? [{ name: alias, model }] : [];
  });
  return [...models.map((model) => ({ name: model.id, model })), ...renamed];
}

/**
 * Paging as the Messages API has it: the first `limit` behind `after_id`, or the last before
 * `before_id`.
 */
function toPage<Item extends { id: string }>(all: readonly Item[], query: Record<string, string>) {
  const after = all.findIndex((item) => item.id === query['after_id']) + 1;
  const before = all.findIndex((item) => item.id === query['before_id']);
  const items = all.slice(after, before === -1 ? undefined : before);
  const limit = readLimit(query['limit']) ?? items.length;
  const data = before === -1 ? items.slice(0, limit) : items.slice(-limit);
  return { data, hasMore: data.length < items.length };
}

function readLimit(text: string | undefined) {
  if (text === undefined) return undefined;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_ITEMS) return limit;
  throw new RunError('invalid-request', `limit has to be a whole number from 1 to ${MOST_ITEMS}.`, {
    param: 'limit',
  });
}

function toItem(id: string, model: Model) {
  return {
    id,
    object: 'model',
    created: RELEASED_AT.getTime() / 1000,
    owned_by: 'anthropic',
    type: 'model',
    display_name: model.displayName,
    created_at: RELEASED_AT.toISOString(),
    capabilities: null,
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    max_input_tokens: null,
    max_tokens: null,
    retires_at: null,
  };
}
