import { type Config, type Environment, readConfig } from '../config.ts';
import { readEnvFile, withFallback } from './env-file.ts';

export type SettingSources = {
  environment: Environment;
  /** The folder whose `.env` is read. */
  folder: string;
  /** Takes one line about something that does not prevent the start. */
  warn: (line: string) => void;
};

/** Reads all settings: flags win over the environment, and that over `.env`. */
export async function readSettings(
  { environment, folder, warn }: SettingSources,
  fromFlags: Environment = {},
): Promise<Config> {
  const { settings, warnings } = await readEnvFile(folder);
  warnings.forEach((line) => warn(line));
  return readConfig(withFallback(fromFlags, withFallback(environment, settings)));
}
