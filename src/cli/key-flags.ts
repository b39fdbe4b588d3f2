import { parseArgs } from 'node:util';
import { z } from 'zod';

import { KeyRules, Rotation, StoredKey } from '../keys/api-key.ts';
import { toDecimal } from './to-decimal.ts';

/** What a `keys` command asks for. */
export type KeysCommand = { wantsJson: boolean } & (
  | { verb: 'add'; name: string; rules: KeyRules }
  | { verb: 'list' }
  | { verb: 'help' }
  | { verb: 'version' }
  | { verb: 'revoke'; nameOrId: string }
  | { verb: 'rotate'; nameOrId: string; rotation: Rotation }
);

/** The end of the answer to `--help`. */
export const KEYS_HELP = `Keys, beside the owner's:
  claude-code-proxy keys add NAME [limits] | list | rotate NAME-OR-ID | revoke NAME-OR-ID [--json]

  --scopes <list>              what it may do: chat, agent, admin (default chat)
  --models <list>              models it may use (default all)
  --requests-per-minute <n>    --running-at-once <n>
  --tokens-per-minute <n>      --tokens-per-day <n>
  --usd-per-day <amount>       what its agents and chats may cost
  --usd-per-run <amount>       --seconds-per-run <n>         of an agent's run
  --background-runs <n>        --waiting-runs <n>            of its agents, at once
  --permission-modes <list>    modes its agents may ask for (default all that the server allows)
  --mcp-hosts <list>           hosts whose MCP servers its agents may name, or * (default none)
  --tags <list>                what a worker must have that carries out its requests, like account:ana@example.com
  --denied-tools <list>        built-in tools its agents never get, like Bash,WebFetch;
                               a pattern, like Bash(git push *), can be got around
  --overlap-seconds <n>        how long the text that a key had is good beside the one that rotate gives it
                               (default a day, at most 30)

An agent can do with this machine whatever the user of the server can; see SECURITY.md.`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
  version: { type: 'boolean', short: 'v', default: false },
  scopes: { type: 'string' },
  models: { type: 'string' },
  'requests-per-minute': { type: 'string' },
  'tokens-per-minute': { type: 'string' },
  'tokens-per-day': { type: 'string' },
  'running-at-once': { type: 'string' },
  'usd-per-day': { type: 'string' },
  'permission-modes': { type: 'string' },
  'denied-tools': { type: 'string' },
  'usd-per-run': { type: 'string' },
  'seconds-per-run': { type: 'string' },
  'background-runs': { type: 'string' },
  'waiting-runs': { type: 'string' },
  'mcp-hosts': { type: 'string' },
  tags: { type: 'string' },
  'overlap-seconds': { type: 'string' },
} as const;

const LISTS: ReadonlySet<string> = new Set([
  'scopes',
  'models',
  'permission-modes',
  'denied-tools',
  'mcp-hosts',
  'tags',
]);

/** Reads the command line behind `keys`. Throws an error of one sentence when it does not understand it. */
export function readKeyFlags(args: readonly string[]): KeysCommand {
  const { values, positionals } = readArgs(args);
  const [verb, subject, ...more] = positionals;
  const { json: wantsJson, help, version, 'overlap-seconds': overlap, ...limits } = values;
  if (version) return { verb: 'version', wantsJson: false };
  if (help) return { verb: 'help', wantsJson: false };
  if (more.length > 0) throw toError(`${more[0]} is one word too many.`);
  if (verb !== 'add' && Object.values(limits).length > 0) {
    throw toError('Limits are set when a key is added.');
  }
  if (verb !== 'rotate' && overlap !== undefined) {
    throw toError('--overlap-seconds goes with keys rotate.');
  }
  switch (verb) {
    case 'add':
      return {
        verb,
        wantsJson,
        name: check('The name', StoredKey.shape.name, need(subject, 'add NAME')),
        rules: toRules(limits),
      };
    case 'revoke':
      return { verb, wantsJson, nameOrId: need(subject, 'revoke NAME-OR-ID') };
    case 'rotate':
      return {
        verb,
        wantsJson,
        nameOrId: need(subject, 'rotate NAME-OR-ID'),
        rotation: toRotation(overlap),
      };
    case 'list':
      if (subject !== undefined) throw toError(`${subject} is one word too many.`);
      return { verb, wantsJson };
    default:
      throw toError('Say what to do: keys add NAME, list, rotate NAME-OR-ID or revoke NAME-OR-ID.');
  }
}

function readArgs(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    const [sentence] = (cause instanceof Error ? cause.message : String(cause)).split(/\.\s|\n/);
    throw toError(`${sentence?.replace(/\.$/, '')}.`, cause);
  }
}

type Limits = Partial<
  Record<Exclude<keyof typeof OPTIONS, 'json' | 'help' | 'version' | 'overlap-seconds'>, string>
>;

function toRules(given: Limits): KeyRules {
  const rules: Record<string, unknown> = { scopes: ['chat'] };
  for (const [flag, text] of Object.entries(given)) {
    rules[toCamelCase(flag)] = LISTS.has(flag) ? splitList(text) : toNumber(flag, text);
  }
  return check('A limit', KeyRules, rules);
}

function toRotation(overlap: string | undefined): Rotation {
  const given = overlap === undefined ? {} : { overlapSeconds: toDecimal(overlap) };
  return check('--overlap-seconds', Rotation, given);
}

function toNumber(flag: string, text: string) {
  const value = toDecimal(text);
  const isWhole = !flag.startsWith('usd-');
  if (value > 0 && (!isWhole || Number.isSafeInteger(value))) return value;
  throw toError(`--${flag} takes a ${isWhole ? 'whole ' : ''}number above 0, not "${text}".`);
}

/** At commas, those inside a tool's parentheses excepted. */
function splitList(text: string) {
  return text
    .split(/,(?![^(]*\))/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function check<Value>(what: string, schema: z.ZodType<Value>, value: unknown): Value {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const flag = issue?.path[0] === undefined ? what : toFlag(String(issue.path[0]));
  throw toError(`${flag} will not do: ${issue?.message}.`);
}

function toFlag(name: string) {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function need(word: string | undefined, usage: string) {
  if (word === undefined) throw toError(`A word is missing: keys ${usage}.`);
  return word;
}

function toError(sentence: string, cause?: unknown) {
  return new Error(`${sentence} See --help.`, { cause });
}

function toCamelCase(flag: string) {
  return flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
