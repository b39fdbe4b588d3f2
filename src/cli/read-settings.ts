import { type Config, type Environment, readConfig } from '../config.ts';
import { readEnvFile, withFallback } from './env-file.ts';

export type SettingSources = {
  flags: { port: string | undefined; host: string | undefined };
  environment: Environment;
  /** The folder whose `.env` is read. */
  folder: string;
  /** Takes one line about something that does no harm. */
  warn: (line: string) => void;
};

/** All settings: flags before the environment before `.env`. Throws one line for each bad one. */
export async function readSettings(sources: SettingSources): Promise<Config> {
  const { flags, environment, folder, warn } = sources;
  const { settings, warnings } = await readEnvFile(folder);
  warnings.forEach((line) => warn(line));
  const fromFlags = { PORT: flags.port, HOST: flags.host };
  return readConfig(withFallback(fromFlags, withFallback(environment, settings)));
}
