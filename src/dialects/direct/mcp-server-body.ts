import { z } from 'zod';

/** The CLI replaces it by a variable of the server's environment, in headers and addresses (CLI 2.1.330). */
const VARIABLE = '${';

const Literal = z.string().refine((text) => !text.includes(VARIABLE), 'must not name a variable');

/** These say what a request is, and not who sends it. */
const OWN_HEADERS = new Set(['connection', 'content-length', 'host', 'transfer-encoding']);

const HeaderName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~\w-]{1,128}$/)
  .refine((name) => !OWN_HEADERS.has(name.toLowerCase()), 'is not for a request to set');

/** Behind `ide` the CLI hides the tools, and `client` is the caller. A tool is `mcp__name__tool`. */
const Name = z
  .string()
  .regex(/^[A-Za-z][\w-]{0,31}$/)
  .refine(
    (name) => !name.includes('__') && !['client', 'ide'].includes(name),
    'must be another name',
  );

const Url = Literal.max(2048).refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === '';
}, 'must be a web address without a name and a password in it');

const McpServer = z.strictObject({
  name: Name,
  url: Url,
  headers: z.record(HeaderName, Literal.regex(/^[\t\x20-\x7e]{0,8192}$/)).default({}),
});

/** MCP servers of a request's own, spoken to over HTTP. */
export const McpServers = z
  .array(McpServer)
  .max(10)
  .refine(
    (servers) => new Set(servers.map(({ name }) => name)).size === servers.length,
    'must have different names',
  );
