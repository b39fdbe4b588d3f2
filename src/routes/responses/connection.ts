import type { readSocket } from '../../http/limit-web-sockets.ts';

/** A WebSocket, as Hono hands it on. */
export type HonoSocket = {
  raw?: unknown;
  close(code: number, reason: string): void;
};

/** As `ws` has it. */
type RawSocket = {
  bufferedAmount: number;
  send(text: string, done: () => void): void;
  terminate(): void;
};

export type Connection = {
  open: (ws: HonoSocket) => void;
  /** Resolves when the text has left, so that a slow reader slows the model down. */
  send: (text: string) => Promise<void>;
  /** What lies here for a reader who does not read, in bytes. */
  countUnread: () => number;
  close: (code: number, reason: string) => void;
  /** Closes it while the other side still sends: that is thrown away, or it would not read the reason. */
  cutOff: (code: number, reason: string) => void;
  terminate: () => void;
};

/** Who sends nothing for so long, in milliseconds, has read why it is cut off, or never will. */
const QUIET_MS = 500;

/** Makes the server's side of a WebSocket, which may not be open yet. */
export function createConnection(socket: ReturnType<typeof readSocket>): Connection {
  let hono: HonoSocket | undefined;
  const raw = () => hono?.raw as RawSocket | undefined; // of `ws`
  const close = (code: number, reason: string) => hono?.close(code, reason);

  return {
    open(ws) {
      hono = ws;
    },
    send: (text) =>
      new Promise((resolve) => {
        const open = raw();
        if (open) open.send(text, () => resolve());
        else resolve();
      }),
    countUnread: () => raw()?.bufferedAmount ?? 0,
    close,
    cutOff(code, reason) {
      close(code, reason);
      socket?.removeAllListeners('data').resume();
      socket?.setTimeout(QUIET_MS, () => socket.destroy());
    },
    terminate: () => raw()?.terminate(),
  };
}
