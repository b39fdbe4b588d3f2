/** Where clients look for a path below `/v1` when their base URL lacks that, or has it twice. */
export function toServedPaths(path: string): string[] {
  return path.startsWith('/v1/') ? [path, path.slice('/v1'.length), `/v1${path}`] : [path];
}
