import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { readJson } from '../../common/read-json.ts';
import { isCredential } from './child-environment.ts';

/** Settings by which the CLI gets a credential from a program of the operator's. */
const Helpers = z.object({
  apiKeyHelper: z.string().optional(),
  awsAuthRefresh: z.string().optional(),
  awsCredentialExport: z.string().optional(),
});

const Settings = Helpers.extend({ env: z.record(z.string(), z.string()).optional() });

export type OperatorLogin = {
  /** For the CLI's command line: names of programs, no secrets. */
  args: readonly string[];
  /** Credentials that the operator keeps in the CLI's settings. */
  environment: Readonly<Record<string, string>>;
};

/**
 * The login that stands in the operator's own `settings.json`. The CLI processes read no settings
 * files, since those hold hooks and permissions too, and would not find it.
 */
export async function readOperatorLogin(claudeFolder: string): Promise<OperatorLogin> {
  const text = await readFile(join(claudeFolder, 'settings.json'), 'utf8').catch(() => '{}');
  const settings = Settings.safeParse(readJson(text));
  if (!settings.success) return { args: [], environment: {} };
  const { env = {}, ...rest } = settings.data;
  const helpers = Helpers.parse(rest);
  return {
    args: Object.keys(helpers).length > 0 ? [`--settings=${JSON.stringify(helpers)}`] : [],
    environment: Object.fromEntries(Object.entries(env).filter(([name]) => isCredential(name))),
  };
}
