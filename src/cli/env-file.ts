import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '../config.ts';
import { isSettingName } from '../settings.ts';

/**
 * Reads the settings in the folder's `.env`; without the file there are none. Warns of each name that is
 * not a setting. Throws an error of one sentence when the file cannot be read.
 */
export async function readEnvFile(
  folder: string,
): Promise<{ settings: Environment; warnings: readonly string[] }> {
  const entries = Object.entries(parseEnv(await readText(join(folder, '.env'))));
  return {
    settings: Object.fromEntries(entries.filter(([name]) => isSettingName(name))),
    warnings: entries
      .filter(([name]) => !isSettingName(name))
      .map(([name]) => `.env: ${name} is not a setting of claude-code-proxy and is ignored.`),
  };
}

/** Fills in from `fallback` what the environment does not set; an empty variable counts as not set. */
export function withFallback(environment: Environment, fallback: Environment): Environment {
  const set = Object.entries(environment).filter(
    ([, value]) => value !== undefined && value !== '',
  );
  return { ...fallback, ...Object.fromEntries(set) };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') {
      return '';
    }
    throw new Error(`The file ${file} cannot be read (${String(code)}).`, { cause });
  }
}
