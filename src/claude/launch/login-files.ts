import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';

import { isCredential } from './child-environment.ts';

/**
 * Files and folders that may hold the operator's login: the CLI's own, and those of the clouds whose
 * models it can use. The CLI keeps `.claude.json` (`primaryApiKey`) in its folder when the folder was
 * named, else beside it (CLI 2.1.330).
 */
export function listLoginFiles(
  environment: Readonly<Record<string, string>>,
  claudeFolder: string,
): string[] {
  const home = environment['HOME'] ?? homedir();
  const configFolder = environment['XDG_CONFIG_HOME'] ?? join(home, '.config');
  const named = Object.entries(environment).flatMap(([name, value]) =>
    isCredential(name) && isAbsolute(value) ? [value] : [],
  );
  return [
    ...['.credentials.json', '.claude.json', 'settings.json', 'settings.local.json', 'backups'].map(
      (name) => join(claudeFolder, name),
    ),
    join(dirname(claudeFolder), '.claude.json'),
    join(home, '.claude.json'),
    join(home, '.aws'),
    join(configFolder, 'anthropic'),
    join(configFolder, 'gcloud'),
    ...named,
  ];
}
