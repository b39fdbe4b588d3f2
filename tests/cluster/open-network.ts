import { type Link, openLink } from './open-link.ts';
import { openNamespaces } from './open-namespaces.ts';

/** How a link is cut: what is sent there vanishes, or the machine sees that it has no link. */
type Cut = 'silent' | 'down';

/** Where a member of a cluster stands, and its link to Redis. */
export type Place = {
  /** The address at which it listens. */
  host: string;
  redisUrl: string;
  /** Goes before its own command. */
  command: readonly string[];
  /** Default: `silent`. */
  cut: (how?: Cut) => void;
  /** `isAnew`: with another address, so that connections from before the cut stay dead. Default: false. */
  mend: (isAnew?: boolean) => void;
};

export type Network = {
  /** Settings of the Redis in its middle. */
  redis: Readonly<Record<string, string>>;
  /** The address at which the model listens. */
  modelHost: string;
  join: (name: string, redisUrl: string) => Promise<Place>;
  close: () => Promise<void>;
};

const LOOPBACK = '127.0.0.1';

/** A network whose links can be cut: of network namespaces where the machine allows it, else of TCP relays, and says so. */
export function openNetwork(): Network {
  try {
    return openNamespaces();
  } catch (error) {
    console.log(`No network namespaces here, so links are TCP relays: ${String(error)}`);
    return openRelays();
  }
}

/** A network without links. */
export function openLoopback(): Network {
  return {
    redis: {},
    modelHost: LOOPBACK,
    join: (_name, redisUrl) =>
      Promise.resolve({ host: LOOPBACK, redisUrl, command: [], cut: failToCut, mend: failToCut }),
    close: () => Promise.resolve(),
  };
}

function failToCut(): never {
  throw new Error('Start this cluster with links to cut one.');
}

function openRelays(): Network {
  const links: Link[] = [];
  return {
    redis: {},
    modelHost: LOOPBACK,
    async join(_name, redisUrl) {
      const link = await openLink(redisUrl);
      links.push(link);
      return { host: LOOPBACK, redisUrl: link.url, command: [], cut: link.cut, mend: link.mend };
    },
    close: async () => void (await Promise.all(links.map((link) => link.close()))),
  };
}
