import { createHash, randomBytes } from 'node:crypto';

/** A new key: 256 random bits. */
export function createKeyText(): string {
  return `ccp-${randomBytes(32).toString('base64url')}`;
}

/** Digests have one length, so that comparing them tells nothing about the key. */
export function toDigest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
