/** Messages that may wait while one is answered, and how long they may be together. */
const MAX_WAITING = 16;
const MAX_WAITING_CHARACTERS = 33_554_432;

export type Inbox = {
  /** Lets the message wait for its answer, and then forgets it; `false` when too much waits already. */
  add: (text: string, forget: () => void) => boolean;
  /** Waits for what was asked before. */
  enqueue: (task: () => Promise<void>) => void;
};

/** Makes the list of what was said on one connection, which is answered one after the other. */
export function createInbox(
  answer: (text: string) => Promise<void>,
  onError: (error: unknown) => void,
): Inbox {
  let waiting = 0;
  let characters = 0;
  let last = Promise.resolve();
  const enqueue = (task: () => Promise<void>) => {
    last = last.then(task).catch(onError);
  };
  const isFull = (length: number) =>
    waiting >= MAX_WAITING || (waiting > 0 && characters + length > MAX_WAITING_CHARACTERS);

  return {
    enqueue,
    add(text, forget) {
      if (isFull(text.length)) return false;
      waiting += 1;
      characters += text.length;
      enqueue(() => {
        waiting -= 1;
        characters -= text.length;
        return answer(text).finally(forget);
      });
      return true;
    },
  };
}
