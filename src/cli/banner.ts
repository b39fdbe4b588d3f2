import { toLoginCommand } from '../claude/launch/login-command.ts';

/** What a person is told once the server listens. */
export type BannerFacts = {
  version: string;
  url: string;
  key: ProxyKey;
  claude: { path: string; version: string };
  cliStatus: { loggedIn: boolean | undefined; account: string | undefined };
  isDemo: boolean;
};

/** The key that callers send, and where it comes from. */
export type ProxyKey = { key: string; isNew: boolean; file: string | undefined };

/** Writes the banner, at most eight lines. Only a key that was just made is shown. */
export function toBanner(facts: BannerFacts): string {
  return [
    ...(facts.isDemo ? [DEMO_NOTICE] : []),
    `claude-code-proxy ${facts.version} listens on ${facts.url}`,
    `Page: ${facts.url}/ (sign in with the key)`,
    `Key: ${toKeyText(facts.key)}`,
    `CLI: ${facts.claude.version}, ${facts.claude.path}, ${toLoginText(facts)}`,
    'Try it:',
    toCurlLine(facts),
  ].join('\n');
}

/** The same for programs, in one line of JSON. Only a key that was just made is in it. */
export function toBannerJson({
  version,
  url,
  key,
  claude,
  cliStatus,
  isDemo,
}: BannerFacts): string {
  const { loggedIn, account } = cliStatus;
  return JSON.stringify({
    version,
    url,
    key: key.isNew ? key.key : null,
    keyFile: key.file ?? null,
    cli: { ...claude, loggedIn: loggedIn ?? null, account: account ?? null },
    isDemo,
  });
}

/** Of a worker, whose health is asked at the address. */
export function toWorkerBanner({
  version,
  url,
  claude,
}: Pick<BannerFacts, 'version' | 'url' | 'claude'>): string {
  return [
    `claude-code-proxy ${version} works for its cluster, and listens on ${url} for /health`,
    `CLI: ${claude.version}, ${claude.path}`,
  ].join('\n');
}

const DEMO_NOTICE =
  '*** DEMO *** No account and no real model: every answer is scripted, nothing leaves this machine.';

function toKeyText({ key, isNew, file }: ProxyKey): string {
  if (file === undefined) {
    return 'the one in PROXY_API_KEY';
  }
  return isNew ? `${key} (new, shown only this once, kept in ${file})` : `the one in ${file}`;
}

function toLoginText({ cliStatus, isDemo, claude }: BannerFacts): string {
  if (isDemo) {
    return 'with a dummy login';
  }
  switch (cliStatus.loggedIn) {
    case true:
      return cliStatus.account === undefined ? 'logged in' : `logged in as ${cliStatus.account}`;
    case false:
      return `NOT LOGGED IN: run \`${toLoginCommand(claude.path)}\`, or set ANTHROPIC_API_KEY; --demo needs no account`;
    case undefined:
      return 'login not known yet';
  }
}

function toCurlLine({ url, key }: BannerFacts): string {
  const body = '{"model":"sonnet","messages":[{"role":"user","content":"Say hello."}]}';
  return `curl ${url}/v1/chat/completions -H "Authorization: Bearer ${toShellText(key)}" -H "Content-Type: application/json" -d '${body}'`;
}

function toShellText({ key, isNew, file }: ProxyKey): string {
  if (file === undefined) {
    return '$PROXY_API_KEY';
  }
  return isNew ? key : `$(cat '${file.replaceAll("'", String.raw`'\''`)}')`;
}
