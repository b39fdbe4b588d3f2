import type { RunRequest } from '../../../run.ts';

/** Names that the CLI keeps for itself (2.1.330): a client's tool of that name is not offered. */
const RESERVED: ReadonlySet<string> = new Set(['ToolSearch']);

const NAME = /^[\w.-]{1,128}$/;

const LONGEST_NAME = 128;

/**
 * Under which name each tool goes up. Those that the CLI keeps for itself get another one that is free.
 */
export function toUpstreamNames({ tools }: Pick<RunRequest, 'tools'>): (name: string) => string {
  const given = new Set(tools.map(({ name }) => name));
  const names = new Map(
    [...RESERVED].map((name) => {
      let other = `${name}_`;
      while (given.has(other)) other += '_';
      return [name, other];
    }),
  );
  return (name) => names.get(name) ?? toValidName(name);
}

/** In a history may stand calls of tools that go by the rules of other APIs. */
function toValidName(name: string) {
  if (NAME.test(name)) return name;
  return name.replaceAll(/[^\w.-]/g, '_').slice(0, LONGEST_NAME) || '_';
}
