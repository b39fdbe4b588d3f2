import { z } from 'zod';

import type { Environment } from '../config.ts';
import type { Command } from './command.ts';
import { ShownKey } from '../keys/api-key.ts';
import { addKey, revokeKey, rotateKey } from '../keys/edit-keys.ts';
import type { KeyPlace } from '../keys/key-place.ts';
import { readToolRule } from '../tool-rule.ts';
import { openStateFolder } from '../state/state-folder.ts';
import { KEYS_HELP, type KeysCommand, readKeyFlags } from './key-flags.ts';
import { readSettings } from './read-settings.ts';

export type KeysOptions = {
  /** What stands behind `keys`. */
  args: readonly string[];
  /** The version of this package. */
  version: string;
  environment: Environment;
  /** The folder whose `.env` is read. */
  folder: string;
  /** Takes one line that is not part of the answer. */
  warn: (line: string) => void;
};

/** The command: prints what `runKeys` returns. */
export const keys: Command = async ({ print, ...options }) => {
  print(await runKeys(options));
  return 0;
};

/**
 * Adds, lists, rotates and revokes keys; returns what to print. A running server looks at them again by itself.
 * Throws an error of one sentence.
 */
export async function runKeys({ args, version, ...surroundings }: KeysOptions): Promise<string> {
  const command = readKeyFlags(args);
  if (command.verb === 'version') return version;
  if (command.verb === 'help') return KEYS_HELP;
  const config = await readSettings(surroundings);
  if (command.verb !== 'list') await openStateFolder(config.stateDir);
  if (command.verb === 'add') warnOfGaps(command, surroundings.warn);
  const { useKeyPlace } = await import('../server/open-shared.ts');
  const { json, text } = await useKeyPlace(config, (place) => carryOut(command, place));
  return command.wantsJson ? JSON.stringify(json) : text;
}

type Errand = Exclude<KeysCommand, { verb: 'help' | 'version' }>;

async function carryOut(command: Errand, place: KeyPlace): Promise<{ json: object; text: string }> {
  switch (command.verb) {
    case 'add': {
      const added = await addKey(place, command.name, command.rules);
      return { json: added, text: toOnce(added) };
    }
    case 'list': {
      const shown = z.array(ShownKey).parse(await place.read());
      const lines = shown.map(toLine);
      return {
        json: { keys: shown },
        text: lines.join('\n') || "There is no key beside the owner's.",
      };
    }
    case 'rotate': {
      const rotated = await rotateKey(place, command.nameOrId, command.rotation);
      return { json: rotated, text: toOnce(rotated) };
    }
    case 'revoke': {
      const revoked = await revokeKey(place, command.nameOrId);
      return { json: { ...revoked, revoked: true }, text: `${revoked.name} is revoked.` };
    }
  }
}

function warnOfGaps({ rules }: Extract<KeysCommand, { verb: 'add' }>, warn: KeysOptions['warn']) {
  const rule = rules.deniedTools?.find((text) => readToolRule(text)?.pattern !== undefined);
  if (rule === undefined) return;
  const tool = readToolRule(rule)?.tool;
  warn(`Note: ${rule} stops only commands that are written so; to stop them all, deny ${tool}.`);
}

function toOnce(key: ShownKey & { key: string }): string {
  return `${key.key}\n${toLine(key)}\nThe key is shown only this once.`;
}

function toLine(key: ShownKey): string {
  const { id, name, createdAt, ...rules } = ShownKey.parse(key);
  const limits = Object.entries(rules).map(([limit, value]) => `${limit}=${String(value)}`);
  return [id, name, createdAt.slice(0, 10), ...limits].join('  ');
}
