import type { Socket } from 'node:net';

import type { RunError } from '../../run-error.ts';
import { type HeldBody, SMALL_BODY_BYTES } from './body-meter.ts';

/** A whole message: what it takes until it is answered, or why it had no room. */
export type MeteredMessage = { held: HeldBody; refusal: RunError | undefined };

export type MessageMeter = {
  /** What came since the last message is one. */
  take: () => MeteredMessage;
  /** The connection is over. */
  end: () => void;
};

export type MessageMeterOptions = {
  /** The connection under the WebSocket. Default: there is none that could be read, and nothing is counted. */
  socket: Socket | undefined;
  hold: () => HeldBody;
  /** Told once of a large message that has no room, while it still arrives. */
  onFull: (refusal: RunError) => void;
};

/**
 * Counts the bytes of a WebSocket while they arrive: its library keeps the parts of a message, and tells of
 * none of them. Few bytes that have no room are not counted, so that they can be refused as a whole message.
 */
export function meterMessages({ socket, hold, onFull }: MessageMeterOptions): MessageMeter {
  let message: MeteredMessage = { held: hold(), refusal: undefined };
  let bytes = 0;
  let isFull = false;

  const onData = ({ length }: Uint8Array) => {
    bytes += length;
    try {
      if (!message.refusal) message.held.add(length);
    } catch (error) {
      message.refusal = error as RunError; // the meter throws no other
    }
    if (isFull || !message.refusal || bytes <= SMALL_BODY_BYTES) return;
    isFull = true;
    onFull(message.refusal);
  };
  // In front of the library, which tells of a message as soon as it has its last byte.
  socket?.prependListener('data', onData);

  return {
    take() {
      const taken = message;
      message = { held: hold(), refusal: undefined };
      bytes = 0;
      return taken;
    },
    end() {
      socket?.off('data', onData);
      message.held.release();
    },
  };
}
