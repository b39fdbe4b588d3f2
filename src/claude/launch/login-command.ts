/** What a person types into a shell to log the claude CLI in, which may not be on the PATH. */
export function toLoginCommand(claudePath: string): string {
  const isPlain = /^[\w./@+-]+$/.test(claudePath);
  const program = isPlain ? claudePath : `'${claudePath.replaceAll("'", String.raw`'\''`)}'`;
  return `${program} auth login`;
}
