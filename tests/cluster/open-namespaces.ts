import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { networkInterfaces } from 'node:os';

import type { Network, Place } from './open-network.ts';

/** One address for all bridges, as none of them knows another. */
const MAC = '02:63:63:70:00:01';

/** States of a bridge's port, as its command takes them. */
const SHUT = '0';
const OPEN = '3';

const NAMESPACE = /^ccp-test-(?<pid>\d+)-/;
const DEVICE = /^ccp(?<pid>\d+)[a-z]/;

/** How far apart the two addresses of a place are, between which it changes. */
const SPARE = 100;

let opened = 0;

/**
 * A network in this machine alone: two bridges with nothing behind them, and each place a network namespace with a link
 * to either. Over one its callers reach it, and it the model; over the other, which can be cut, it reaches
 * Redis. Throws where that cannot be: without root, in a container that may not do it, or without `ip` and `bridge`.
 */
export function openNamespaces(): Network {
  execFileSync('bridge', ['-Version'], { stdio: 'pipe' }); // where that is, ip is
  removeLeftBehind();
  const number = findNumber();
  const letter = String.fromCodePoint(97 + (opened % 26));
  opened += 1;
  // A device's name has at most 15 characters.
  const base = `ccp${process.pid}${letter}`;
  const [callers, redis] = [`${base}c`, `${base}r`];
  const namespaces: string[] = [];
  const devices = [callers, redis];

  const close = () => {
    process.off('exit', close);
    for (const name of namespaces.splice(0)) remove('netns', name);
    for (const name of devices.splice(0)) remove('link', name);
  };
  process.once('exit', close);
  try {
    tryNamespace(`ccp-test-${process.pid}-${letter}`);
    ip([...toBridge(callers, `198.18.${number}.1`), ...toBridge(redis, `198.19.${number}.1`)]);
  } catch (error) {
    close();
    throw error;
  }
  return {
    redis: { bind: `198.19.${number}.1`, requirepass: randomUUID() },
    modelHost: `198.18.${number}.1`,
    join(name, redisUrl) {
      const own = namespaces.length + 2;
      const namespace = `ccp-test-${process.pid}-${letter}${own}-${name}`;
      const [caller, link] = [`${callers}${own}`, `${redis}${own}`];
      namespaces.push(namespace);
      devices.push(caller, link);
      ip([
        `netns add ${namespace}`,
        `link add ${caller} type veth peer name callers netns ${namespace}`,
        `link add ${link} type veth peer name redis netns ${namespace}`,
        `link set ${caller} master ${callers} up`,
        `link set ${link} master ${redis} up`,
      ]);
      // Redis' address is told, not asked for: so a cut link answers nothing, not even that nobody is there.
      const up = [
        'link set redis up',
        `neigh replace 198.19.${number}.1 lladdr ${MAC} dev redis nud permanent`,
      ];
      const address = `198.18.${number}.${own}`;
      ip(
        [
          'link set lo up',
          `addr add ${address}/24 dev callers`,
          'link set callers up',
          `addr add 198.19.${number}.${own}/24 dev redis`,
          ...up,
        ],
        namespace,
      );
      let isShut = false;
      let isElsewhere = false;
      return Promise.resolve({
        host: address,
        redisUrl,
        command: ['ip', 'netns', 'exec', namespace],
        cut(how = 'silent') {
          if (how === 'down') return ip(['link set redis down'], namespace);
          setPort(link, SHUT);
          isShut = true;
        },
        mend(isAnew = false) {
          if (isAnew) {
            isElsewhere = !isElsewhere;
            const next = `198.19.${number}.${isElsewhere ? own + SPARE : own}/24`;
            ip(['addr flush dev redis', `addr add ${next} dev redis`], namespace);
          }
          ip(up, namespace);
          // A port whose link was down opens by itself, and refuses to be told so before it has seen the link.
          if (isShut) setPort(link, OPEN);
          isShut = false;
        },
      } satisfies Place);
    },
    close: () => Promise.resolve(close()),
  };
}

function toBridge(name: string, address: string) {
  return [
    `link add ${name} address ${MAC} type bridge`,
    `addr add ${address}/24 dev ${name}`,
    `link set ${name} up`,
  ];
}

/** Bridges may be allowed where namespaces are not. */
function tryNamespace(name: string) {
  ip([`netns add ${name}`]);
  try {
    execFileSync('ip', ['netns', 'exec', name, 'true'], { stdio: 'pipe' });
  } finally {
    remove('netns', name);
  }
}

/** 198.18.0.0/15 is for tests of networks, and is nobody's (RFC 2544). */
function findNumber() {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address)),
  );
  for (let tried = 0; tried < 256; tried += 1) {
    const number = (process.pid + tried) % 256;
    if (!taken.has(`198.18.${number}.1`)) return number;
  }
  throw new Error('All of 198.18.0.0/16 is taken.');
}

/** What a test that was killed could not remove. */
function removeLeftBehind() {
  for (const { name } of list('netns', 'list')) {
    if (!isLeftBehind(NAMESPACE.exec(name))) continue;
    const pids = execFileSync('ip', ['netns', 'pids', name], { encoding: 'utf8' });
    for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
    remove('netns', name);
  }
  for (const { ifname: name } of list('link')) {
    if (isLeftBehind(DEVICE.exec(name))) remove('link', name);
  }
}

function isLeftBehind(found: RegExpExecArray | null) {
  if (!found) return false;
  try {
    process.kill(Number(found.groups?.['pid']), 0);
    return false;
  } catch {
    return true;
  }
}

function list(...args: readonly string[]): Record<'name' | 'ifname', string>[] {
  const text = execFileSync('ip', ['-json', ...args], { encoding: 'utf8', stdio: 'pipe' });
  return text.trim() === '' ? [] : (JSON.parse(text) as Record<'name' | 'ifname', string>[]); // each has one of both
}

function remove(kind: 'netns' | 'link', name: string) {
  try {
    execFileSync('ip', [kind, 'delete', name], { stdio: 'pipe' });
  } catch {
    // It went with the other end.
  }
}

/** Lets nothing pass, or all, without a word to either side. */
function setPort(name: string, state: typeof SHUT | typeof OPEN) {
  execFileSync('bridge', ['link', 'set', 'dev', name, 'state', state], { stdio: 'pipe' });
}

/** Carries out commands of `ip`, here or in a namespace. */
function ip(commands: readonly string[], namespace?: string) {
  const where = namespace === undefined ? [] : ['-netns', namespace];
  execFileSync('ip', [...where, '-batch', '-'], { input: commands.join('\n'), stdio: 'pipe' });
}
