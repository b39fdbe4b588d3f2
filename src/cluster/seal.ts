import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/** What passes through Redis is readable, and can be written, only by those who know the secret. */
export type Seal = {
  /** Encrypts a text; `place` says where it belongs, and it opens nowhere else. */
  close: (text: string, place: string) => Buffer;
  /** Throws when it was not closed with the same secret for the same place. */
  open: (sealed: Buffer, place: string) => string;
  /** Names a text without telling it. */
  sign: (text: string) => string;
  isSigned: (text: string, signature: string) => boolean;
};

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Makes the seal of a cluster: AES-256-GCM and HMAC-SHA-256, with a key each from the one secret. */
export function createSeal(secret: string): Seal {
  const key = derive(secret, 'encrypt');
  const signingKey = derive(secret, 'sign');
  const sign = (text: string) => createHmac('sha256', signingKey).update(text).digest('base64url');
  return {
    close(text, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
      const body = [cipher.update(text, 'utf8'), cipher.final()];
      return Buffer.concat([nonce, cipher.getAuthTag(), ...body]);
    },
    open(sealed, place) {
      const nonce = sealed.subarray(0, NONCE_BYTES);
      const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(place))
        .setAuthTag(tag);
      const body = sealed.subarray(NONCE_BYTES + TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
    },
    sign,
    isSigned(text, signature) {
      const [right, given] = [Buffer.from(sign(text)), Buffer.from(signature)];
      return right.length === given.length && timingSafeEqual(right, given);
    },
  };
}

function derive(secret: string, purpose: string) {
  // As a key object it is made ready once, and not for each text anew, which takes longer than all the rest.
  return createSecretKey(
    Buffer.from(hkdfSync('sha256', secret, 'claude-code-proxy cluster', purpose, 32)),
  );
}
