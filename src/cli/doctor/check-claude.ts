import { isOlder, NEWEST_TRIED_CLI } from '../../common/cli-versions.ts';
import type { Config, Environment } from '../../config.ts';
import { type ClaudeInstallation, findClaude } from '../../claude/launch/find-claude.ts';
import { failed, type Finding, ok, toText, warning } from './finding.ts';

/** Whether there is a CLI, and one that is known to work. */
export async function checkClaude(
  { claudePath }: Pick<Config, 'claudePath'>,
  environment: Environment,
): Promise<{ claude: ClaudeInstallation | undefined; findings: readonly Finding[] }> {
  try {
    const claude = await findClaude({ claudePath, environment });
    return { claude, findings: [ok('claude CLI', claude.path), toVersion(claude.version)] };
  } catch (error) {
    const advice = 'Install it or name it as the sentence says, then run the doctor again.';
    return { claude: undefined, findings: [failed('claude CLI', toText(error), advice)] };
  }
}

function toVersion(version: string): Finding {
  const isNewer = isOlder(NEWEST_TRIED_CLI, version);
  if (!isNewer) return ok('CLI version', `${version}, known to work`);
  return warning(
    'CLI version',
    `${version} is newer than ${NEWEST_TRIED_CLI}, the newest that was tested`,
    `It most likely works. If a round trip below fails, \`claude install ${NEWEST_TRIED_CLI}\`, or look for a newer claude-code-proxy.`,
  );
}
