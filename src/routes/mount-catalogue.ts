import type { Context, Hono } from 'hono';

import type { ReadCliStatus } from '../backend.ts';
import type { Api, CatalogueRoute } from '../dialects/dialect.ts';
import { validate, type Validated } from '../http/body/validate.ts';
import type { AppEnv } from '../http/variables.ts';
import { type Aliases, listUsable } from './models.ts';
import { toServedPaths } from './served-paths.ts';

type CatalogueParts = { readCliStatus: ReadCliStatus; modelAliases: Aliases };

/** Every route of an API that a list of the models answers. */
export function mountCatalogue(
  app: Hono<AppEnv>,
  { catalogue = [] }: Api,
  parts: CatalogueParts,
): void {
  for (const route of catalogue) {
    const paths = toServedPaths(route.path);
    if (route.body) {
      const check = validate(route.body);
      app.on(route.method, paths, check, (c: Context<AppEnv, string, Validated<unknown>>) =>
        answer(c, route, c.req.valid('json'), parts),
      );
    } else app.on(route.method, paths, (c) => answer(c, route, undefined, parts));
  }
}

async function answer(
  c: Context<AppEnv>,
  route: CatalogueRoute<unknown>,
  body: unknown,
  { readCliStatus, modelAliases }: CatalogueParts,
): Promise<Response> {
  const readModels = async () => {
    const { models } = await readCliStatus();
    return listUsable(c.var.key, models, modelAliases).map(({ name, model }) => ({
      name,
      otherNames: model.aliases.filter((alias) => alias !== name),
      displayName: model.displayName,
    }));
  };
  return c.json(await route.answer(readModels, body));
}
