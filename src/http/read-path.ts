import { getPath } from 'hono/utils/url';

/** A request's path, without the doubled slashes and the last one of a base URL that ends in a slash. */
export function readPath(request: Request): string {
  const path = getPath(request).replaceAll(/\/{2,}/g, '/');
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
