import { type Setting, SETTINGS } from '../src/settings.ts';

const settings = Object.entries<Setting>(SETTINGS);

/** The whole text of `.env.example`. */
export function toEnvExample(): string {
  const head = '# Settings of claude-code-proxy. Copy what you change to a file named .env.\n';
  return [head, ...settings.map(([name, setting]) => toExample(name, setting))].join('\n');
}

/** The table of docs/settings.md. */
export function toSettingsTable(): string {
  return [
    '| Name | Default | Meaning |',
    '| --- | --- | --- |',
    ...settings.map(
      ([name, setting]) => `| \`${name}\` | ${toDefaultCell(setting)} | ${setting.meaning} |`,
    ),
  ].join('\n');
}

function toExample(name: string, setting: Setting): string {
  const unit = setting.unit === undefined ? '' : ` In ${toUnitWord(setting.unit)}.`;
  const otherwise = setting.otherwise === undefined ? '' : ` Default: ${setting.otherwise}.`;
  const comment = `${setting.meaning}${unit}${otherwise}`.replaceAll('`', '');
  return `# ${comment}\n# ${name}=${setting.default ?? ''}\n`;
}

function toDefaultCell(setting: Setting): string {
  const value = setting.default === '' ? 'none' : (setting.default ?? setting.otherwise);
  return setting.unit === undefined ? String(value) : `${value} ${setting.unit}`;
}

function toUnitWord(unit: NonNullable<Setting['unit']>): string {
  return unit === 'ms' ? 'milliseconds' : unit;
}
