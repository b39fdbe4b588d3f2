import type { Context, Handler } from 'hono';

import type { KeyRules, NewKey, Rotation } from '../../keys/api-key.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { AdminParts } from './admin-parts.ts';

type OneKey = '/api/admin/keys/:id';

/** `GET /api/admin/keys`: the keys beside the owner's, in the order in which they were added. */
export function listKeys({ keyStore }: AdminParts): Handler<AppEnv> {
  return async (c) => c.json({ keys: await keyStore.list() });
}

/** `POST /api/admin/keys`: the only answer that holds a key. Throws `invalid-request` for a name that is taken. */
export function addKey({ keyStore }: AdminParts) {
  return async (c: Context<AppEnv, string, Validated<NewKey>>): Promise<Response> => {
    const { name, ...rules } = c.req.valid('json');
    return c.json(await keyStore.add(name, rules), 200, { 'cache-control': 'no-store' });
  };
}

/** `PUT /api/admin/keys/{id}`: other rules in the place of those that the key had. Throws `not-found`. */
export function changeKey({ keyStore }: AdminParts) {
  return async (c: Context<AppEnv, OneKey, Validated<KeyRules>>): Promise<Response> =>
    c.json(await keyStore.change(c.req.param('id'), c.req.valid('json')));
}

/** `POST /api/admin/keys/{id}/rotate`: the only answer that holds the new text. Throws `not-found`. */
export function rotateKey({ keyStore }: AdminParts) {
  return async (
    c: Context<AppEnv, '/api/admin/keys/:id/rotate', Validated<Rotation>>,
  ): Promise<Response> => {
    const rotated = await keyStore.rotate(c.req.param('id'), c.req.valid('json'));
    return c.json(rotated, 200, { 'cache-control': 'no-store' });
  };
}

/** `DELETE /api/admin/keys/{id}`: its holder gets a 401 from the next request on. Throws `not-found`. */
export function revokeKey({ keyStore }: AdminParts) {
  return async (c: Context<AppEnv, OneKey>): Promise<Response> =>
    c.json({ ...(await keyStore.revoke(c.req.param('id'))), revoked: true });
}
