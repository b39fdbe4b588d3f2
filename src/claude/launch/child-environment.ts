/** Names of the operator's environment that a CLI process may see; everything else stays here. */
const PASSED_NAMES = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
  'CLAUDE_CONFIG_DIR',
  'CLAUDE_CODE_OAUTH_TOKEN',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'DISABLE_TELEMETRY',
  'DISABLE_ERROR_REPORTING',
  'CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC',
]);

/** How the back ends' own variables begin. */
const CREDENTIAL_PREFIXES = ['ANTHROPIC_', 'CLAUDE_CODE_USE_', 'AWS_', 'GOOGLE_'];

const PASSED_PREFIXES = ['LC_', 'XDG_', 'SSL_CERT_', ...CREDENTIAL_PREFIXES];

/** The proxy's own secrets; not even CHILD_ENV hands them on. */
const NEVER_PASSED = new Set(['PROXY_API_KEY', 'REDIS_URL', 'CLUSTER_SECRET']);

/** Names the proxy whose CLI sent a request; a request that bears it came around in a circle. */
export const HOP_HEADER = 'x-claude-code-proxy-hop';

export type ChildEnvironmentOptions = {
  /** Further names that the operator lets pass. */
  alsoPassed: readonly string[];
  /** How often the CLI itself tries a failed API call again. */
  maxRetries: number;
};

/**
 * The environment of a CLI process: a list of what may pass, so that no secret of the host, no
 * inherited `CLAUDECODE` and no key of the proxy reaches it.
 */
export function toChildEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  { alsoPassed, maxRetries }: ChildEnvironmentOptions,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && mayPass(name, alsoPassed)) passed[name] = value;
  }
  return {
    ...passed,
    ANTHROPIC_CUSTOM_HEADERS: [passed['ANTHROPIC_CUSTOM_HEADERS'], `${HOP_HEADER}: 1`]
      .filter(Boolean)
      .join('\n'),
    CLAUDE_CODE_MAX_RETRIES: String(maxRetries),
    // A server's children neither update the program under its feet nor fall back to a second,
    // unstreamed call when a stream breaks.
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
    // The second lock against `@path` and slash commands in a caller's text.
    CLAUDE_CODE_DISABLE_ATTACHMENTS: '1',
  };
}

/** Whether a variable tells the CLI which back end to use, and as whom. */
export function isCredential(name: string): boolean {
  return CREDENTIAL_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Whether a variable may hold the login itself. */
export function isSecret(name: string): boolean {
  return isCredential(name) || name === 'CLAUDE_CODE_OAUTH_TOKEN';
}

function mayPass(name: string, alsoPassed: readonly string[]) {
  const upper = name.toUpperCase();
  if (NEVER_PASSED.has(upper)) return false;
  return (
    PASSED_NAMES.has(upper) ||
    PASSED_PREFIXES.some((prefix) => upper.startsWith(prefix)) ||
    alsoPassed.includes(name)
  );
}
