/** How a part of the tests went with a release of the CLI. */
export type Tried = { release: string; passed: number; failed: number; on: Date };

/** The table of docs/cli-versions.md, the newest release first. */
export function toTable(tried: readonly Tried[]): string {
  const rows = tried
    .toSorted((one, other) => other.release.localeCompare(one.release, 'en', { numeric: true }))
    .map(({ release, passed, failed, on }) => [
      release,
      passed > 0 && failed === 0 ? 'yes' : 'no',
      `${passed} passed, ${failed} failed`,
      on.toISOString().slice(0, 10),
    ]);
  return [['CLI', 'works', 'tests', 'tried on'], ['---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
