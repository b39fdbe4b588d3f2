const OLDEST_NODE = [22, 18] as const;

/** What to tell a person whose Node is too old, or `undefined` when it is not. Runs on old Nodes itself. */
export function toNodeComplaint(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) {
    return undefined;
  }
  return `claude-code-proxy needs Node ${OLDEST_NODE.join('.')} or newer, and this is ${version}: run \`npx -p node@24 -p claude-code-proxy claude-code-proxy\`.`;
}
