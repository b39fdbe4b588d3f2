import { expect, test } from 'vitest';

import { createMayConnect } from '../../src/media/may-connect.ts';

const mayConnect = createMayConnect([
  'files.corp',
  'printer.',
  '10.1.0.0/16',
  '192.168.7.7',
  'fd00:1::/32',
]);
const target = (host: string, address: string, port = 80) => ({ host, address, port });

test.for([
  ['a public host', target('example.com', '1.1.1.1')],
  ['a public host over TLS', target('example.com', '1.1.1.1', 443)],
  ['an allowed name, wherever it is', target('files.corp', '10.9.9.9', 9000)],
  ['an allowed name in another spelling', target('FILES.corp.', '10.9.9.9')],
  ['a name that was allowed with its dot', target('printer', '10.9.9.9')],
  ['an allowed network, on any port', target('nas', '10.1.2.3', 8080)],
  ['an allowed address', target('192.168.7.7', '192.168.7.7')],
  ['an allowed network of IPv6', target('nas', 'fd00:1:2::3')],
] as const)('%s may be connected to', ([, allowed]) => {
  expect(mayConnect(allowed)).toBe(true);
});

test.for([
  ['a public host on another port', target('example.com', '1.1.1.1', 8080)],
  ['a neighbour of an allowed network', target('nas', '10.2.0.1')],
  ['a neighbour of an allowed address', target('192.168.7.8', '192.168.7.8')],
  ['a name below an allowed one', target('sub.files.corp', '10.9.9.9')],
  ['a name that ends like an allowed one', target('evilfiles.corp', '10.9.9.9')],
  ['what is no address', target('nas', 'nonsense')],
] as const)('%s may not', ([, refused]) => {
  expect(mayConnect(refused)).toBe(false);
});
