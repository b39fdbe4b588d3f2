import { createCommand, toSettings } from './command.ts';
import { toLocalUrl } from './local-url.ts';
import { readKey } from './read-key.ts';
import { readSettings } from './read-settings.ts';

const ENV_HELP = `claude-code-proxy env prints exports that lead the usual clients to the server on this machine.

Usage: eval "$(claude-code-proxy env)"

  --port <number>   where the server listens (PORT, default 6789)
  --host <address>  the same (HOST, default 127.0.0.1)
  --json            one line of JSON in the place of exports`;

/** Prints what leads the usual clients to the server, for `eval` in a POSIX shell. */
export const env = createCommand({
  help: ENV_HELP,
  async run({ print, ...sources }, flags) {
    const config = await readSettings(sources, toSettings(flags));
    if (config.port === 0)
      throw new Error('PORT is 0, which means any: name the port with --port.');
    const variables = toVariables(toLocalUrl(config), await readKey(config));
    if (flags.isJson) print(JSON.stringify(variables));
    else
      for (const [name, value] of Object.entries(variables)) {
        print(`export ${name}=${quote(value)}`);
      }
    return 0;
  },
});

/** By what the clients' own documents call them. */
function toVariables(url: string, key: string): Record<string, string> {
  return {
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_API_BASE: `${url}/v1`, // LangChain, aider
    OPENAI_API_KEY: key,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: key,
  };
}

/** As one word of a POSIX shell. */
function quote(text: string) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
