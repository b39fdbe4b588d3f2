/** An instruction of a Dockerfile, and the stage in which it stands. */
export type Instruction = { stage: string; name: string; value: string };

const INSTRUCTION = /^(?<name>[A-Z]+)\s+(?<value>.*)$/s;

/** Reads a Dockerfile; `ARG`s with defaults are filled in. Throws for a line that is no instruction. */
export function readDockerfile(text: string): Instruction[] {
  const args = new Map<string, string>();
  let stage = '';
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '');

  return lines.map((line) => {
    const { name = '', value: raw = '' } = INSTRUCTION.exec(line)?.groups ?? {};
    if (name === '') throw new Error(`This is no instruction: ${line}`);
    const value = raw.replaceAll(/\$\{(\w+)\}/g, (whole, arg: string) => args.get(arg) ?? whole);
    if (name === 'ARG') args.set(...toPair(value));
    if (name === 'FROM') stage = / AS (\w+)$/.exec(value)?.[1] ?? 'last';
    return { stage, name, value };
  });
}

function toPair(text: string): [string, string] {
  const [name = '', ...rest] = text.split('=');
  return [name, rest.join('=')];
}
