import { expect, test } from 'vitest';

import { isPublicAddress } from '../../src/media/is-public-address.ts';

test.for([
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:81b::200e',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test.for([
  ['unspecified', '0.0.0.0'],
  ['this network', '0.1.2.3'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['carrier-grade NAT', '100.127.255.255'],
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['link-local', '169.254.0.1'],
  ['metadata of several clouds', '169.254.169.254'],
  ['metadata of a cloud', '100.100.100.200'],
  ['metadata of a cloud', '192.0.0.192'],
  ["a cloud's own service", '168.63.129.16'],
  ['documentation', '192.0.2.1'],
  ['benchmarks', '198.19.0.1'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['unspecified', '::'],
  ['loopback', '::1'],
  ['link-local', 'fe80::1'],
  ['link-local, with its zone', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['unique local', 'fc00::1'],
  ['unique local', 'fd12:3456::1'],
  ['metadata of a cloud', 'fd00:ec2::254'],
  ['multicast', 'ff02::1'],
  ['IPv4, mapped', '::ffff:127.0.0.1'],
  ['IPv4, mapped', '::ffff:a00:1'],
  ['IPv4, mapped, of a public host', '::ffff:1.1.1.1'],
  ['IPv4, compatible', '::127.0.0.1'],
  ['IPv4, translated', '::ffff:0:127.0.0.1'],
  ['IPv4 through NAT64', '64:ff9b::7f00:1'],
  ['IPv4 through a local NAT64', '64:ff9b:1::a00:1'],
  ['IPv4 through 6to4', '2002:7f00:1::'],
  ['IPv4 through Teredo', '2001:0:7f00:1::'],
  ['documentation', '2001:db8::1'],
  ['documentation', '3fff::1'],
  ['no address', 'localhost'],
  ['no address', ''],
] as const)('%s is not public: %s', ([, address]) => {
  expect(isPublicAddress(address)).toBe(false);
});
