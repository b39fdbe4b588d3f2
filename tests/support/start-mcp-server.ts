import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

type Message = { id?: number; method: string; params?: Record<string, unknown> };

/** An MCP server on the loopback with one tool, `look`, that answers `FOUND` and what it was asked. */
export async function startMcpServer() {
  const seen: { method: string; headers: IncomingHttpHeaders }[] = [];
  const http = createServer((request, response) => {
    const answer = async () => {
      if (request.method !== 'POST') return response.writeHead(405).end();
      const { id, method, params = {} } = (await json(request)) as Message; // of the CLI
      seen.push({ method, headers: request.headers });
      if (id === undefined) return response.writeHead(202).end();
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ jsonrpc: '2.0', id, ...reply(method, params) }));
    };
    answer().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo; // of a TCP port
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}/mcp`,
    seen,
    close: () => {
      http.close();
      http.closeAllConnections();
    },
  };
}

function reply(method: string, params: Record<string, unknown>) {
  switch (method) {
    case 'initialize':
      return {
        result: {
          protocolVersion: params['protocolVersion'],
          capabilities: { tools: {} },
          serverInfo: { name: 'tickets', version: '1' },
        },
      };
    case 'tools/list': {
      const inputSchema = { type: 'object', properties: { q: { type: 'string' } } };
      return { result: { tools: [{ name: 'look', description: 'Looks up.', inputSchema }] } };
    }
    case 'tools/call': {
      const text = `FOUND ${JSON.stringify(params['arguments'])}`;
      return { result: { content: [{ type: 'text', text }] } };
    }
    default:
      return { error: { code: -32_601, message: 'There is no such method.' } };
  }
}
