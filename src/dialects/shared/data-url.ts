const DATA_URL = /^data:(?<mediaType>[\w.+-]+\/[\w.+-]+)?(?:;[\w-]+=[^;,]*)*;base64,(?<data>.*)$/s;

/** Reads a base64 `data:` URL; anything else gives `undefined`. */
export function readDataUrl(url: string): { mediaType: string; data: string } | undefined {
  const { mediaType = 'application/octet-stream', data } = DATA_URL.exec(url)?.groups ?? {};
  return data === undefined ? undefined : { mediaType, data };
}
