import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';

/** All addresses of a host name. */
export type Lookup = (name: string) => Promise<readonly LookupAddress[]>;

/** The `lookup` of a socket: it gets only the addresses that it may connect to. */
export function guardLookup(
  lookup: Lookup,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  const find = callbackify(async (name: string) => {
    const allowed = (await lookup(name)).filter(({ address }) => isAllowed(address));
    const [first] = allowed;
    if (!first) throw new Error(`No address of ${name} may be connected to.`);
    return { first, allowed };
  });

  return (name, { all = false }, callback) =>
    find(name, (error: NodeJS.ErrnoException | null, found) => {
      if (error) callback(error, '');
      else if (all) callback(null, found.allowed);
      else callback(null, found.first.address, found.first.family);
    });
}
