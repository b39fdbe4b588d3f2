import type { OpenapiDocument } from '../src/openapi/to-openapi.ts';

type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  description?: string;
  security?: unknown[];
  parameters: { name: string; in: string; description?: string }[];
  requestBody?: { content: Record<string, { example?: object; schema?: { properties?: Form } }> };
  responses: Record<string, { content?: object }>;
};

type Form = Record<string, { description?: string }>;

type Request = { method: string; path: string; operation: Operation };

const WORKSPACE = 'wrk_claude_code_proxy';
const ENVIRONMENT = 'env_claude_code_proxy';

/**
 * All requests of the document as an Insomnia export (format 4), which Insomnia, Bruno and others
 * import. Address and key are variables of its environment. Streams are requests of their own.
 */
export function toCollection({ info, tags, paths }: OpenapiDocument) {
  const requests = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as unknown as Operation, // made by the document's own code
    })),
  );
  return {
    _type: 'export',
    __export_format: 4,
    __export_source: `claude-code-proxy:${info.version}`,
    resources: [
      { _id: WORKSPACE, _type: 'workspace', parentId: null, name: info.title, scope: 'collection' },
      {
        _id: ENVIRONMENT,
        _type: 'environment',
        parentId: WORKSPACE,
        name: 'Base Environment',
        data: { base_url: 'http://127.0.0.1:6789', key: '', id: '' },
      },
      ...tags.map(({ name, description }) => ({
        _id: toFolder(name),
        _type: 'request_group',
        parentId: WORKSPACE,
        name,
        description,
      })),
      ...requests.flatMap(toResources),
    ],
  };
}

function toResources(request: Request): object[] {
  if ('101' in request.operation.responses) return [toWebSocket(request)];
  const isStreamed = 'text/event-stream' in (request.operation.responses['200']?.content ?? {});
  const whole = toRequest(request);
  return isStreamed && request.operation.requestBody
    ? [whole, toRequest(request, { stream: true })]
    : [whole];
}

function toRequest({ method, path, operation }: Request, more?: { stream: true }) {
  const { operationId, tags, summary, description = '', security, parameters } = operation;
  const example = operation.requestBody?.content['application/json']?.example;
  const json = JSON.stringify({ ...example, ...more }, undefined, 2);
  return {
    _id: `req_${operationId}${more ? '_stream' : ''}`,
    _type: 'request',
    parentId: toFolder(tags[0]),
    name: more ? `${summary}, streamed` : summary,
    description,
    method,
    url: toUrl(path),
    headers: example ? [{ name: 'Content-Type', value: 'application/json' }] : [],
    authentication: security ? {} : { type: 'bearer', token: '{{ _.key }}' },
    parameters: parameters
      .filter(({ in: place }) => place === 'query')
      .map(({ name, description: text }) => ({
        name,
        value: '',
        description: text,
        disabled: true,
      })),
    body: example ? { mimeType: 'application/json', text: json } : toForm(operation),
  };
}

function toForm({ requestBody }: Operation) {
  const form = requestBody?.content['multipart/form-data']?.schema?.properties;
  if (!form) return {};
  const params = Object.entries(form).map(([name, { description = '' }]) => ({
    name,
    description,
    ...(name === 'file' ? { type: 'file', fileName: '' } : { value: '' }),
  }));
  return { mimeType: 'multipart/form-data', params };
}

function toWebSocket({ path, operation }: Request) {
  const { operationId, tags, summary, description } = operation;
  return {
    _id: `ws-req_${operationId}`,
    _type: 'websocket_request',
    parentId: toFolder(tags[0]),
    name: summary,
    description,
    url: toUrl(path).replace('base_url', "base_url | replace('http', 'ws')"),
    headers: [],
    authentication: { type: 'bearer', token: '{{ _.key }}' },
    parameters: [],
  };
}

function toUrl(path: string) {
  return `{{ _.base_url }}${path.replaceAll(/\{(\w+)\}/g, '{{ _.$1 }}')}`;
}

function toFolder(tag = '') {
  return `fld_${tag.toLowerCase()}`;
}
