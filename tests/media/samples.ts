import { crc32, deflateSync } from 'node:zlib';

const toBytes = (text: string) => Buffer.from(text, 'latin1');

/** The smallest picture there is: one transparent pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** Beginnings of files: nothing here looks further. */
export const JPEG = toBytes('\xFF\xD8\xFF\xE0 a photograph');
export const GIF = toBytes('GIF89a a cartoon');
export const WEBP = toBytes('RIFF\x10\0\0\0WEBP a picture');
export const PDF = toBytes('%PDF-1.7\n\xE2\xE3 a paper');
export const HTML = toBytes('<!doctype html><title>Please log in</title>');

/** A whole PNG of this many pixels a side, gray noise, always the same: about one byte a pixel. */
export function toNoise(side: number): Buffer {
  let state = 1;
  const rows = Buffer.alloc((side + 1) * side);
  for (const at of rows.keys()) {
    state = (state * 48_271) % 2_147_483_647;
    rows[at] = at % (side + 1) === 0 ? 0 : state; // a row begins with its filter: none
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8; // bits a pixel
  const chunks = [
    toChunk('IHDR', header),
    toChunk('IDAT', deflateSync(rows)),
    toChunk('IEND', Buffer.alloc(0)),
  ];
  return Buffer.concat([PNG.subarray(0, 8), ...chunks]);
}

function toChunk(type: string, data: Buffer) {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
