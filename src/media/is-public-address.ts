import { BlockList, isIPv4 } from 'node:net';

/**
 * IPv4 that is not the public internet.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT; a cloud's metadata at 100.100.100.200
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // public by its number, yet Azure's own service on every machine there
  '169.254.0.0/16', // link-local; the clouds' metadata at 169.254.169.254
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; a cloud's metadata at 192.0.0.192
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
];

/** The one block of IPv6 that is handed out; mapped, NAT64, local and multicast addresses lie outside. */
const GLOBAL_IPV6 = ['2000::/3'];

/**
 * What inside that block is not the public internet.
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const SPECIAL_IPV6 = [
  '2001::/23', // protocol assignments; Teredo, which leads to an IPv4 address
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which leads to an IPv4 address
  '3fff::/20', // documentation
];

const specialIpv4 = toBlockList(SPECIAL_IPV4);
const globalIpv6 = toBlockList(GLOBAL_IPV6);
const specialIpv6 = toBlockList(SPECIAL_IPV6);

/** Tells whether an IP address belongs to the public internet; what is no address does not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialIpv4.check(address, 'ipv4');
  return globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
}

/** Node's list of networks, from `network/prefix` notation or single addresses. */
export function toBlockList(networks: readonly string[]): BlockList {
  const blocks = new BlockList();
  for (const entry of networks) {
    const [network = '', prefix] = entry.split('/');
    const family = isIPv4(network) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) blocks.addAddress(network, family);
    else blocks.addSubnet(network, Number(prefix), family);
  }
  return blocks;
}
