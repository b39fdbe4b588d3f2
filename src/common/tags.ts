/** A tag: what a worker has (`gpu`), or whose login it works with (`account:ana@example.com`). */
export const TAG = /^\w[\w.:@+/-]{0,99}$/;

export const TAG_WORDS = 'a tag of up to 100 letters, digits and . : @ + / - _';

/** As many may be asked for at once. */
export const MOST_TAGS = 20;

/** Tags of a server that follow from what it is: whose login it has, as far as that is known. */
export function toAccountTags(account: string | null | undefined): readonly string[] {
  return account ? [`account:${account}`] : [];
}

/** Whether all that is asked for is there. */
export function hasTags(
  { tags }: { tags: readonly string[] },
  wanted: readonly string[] = [],
): boolean {
  return wanted.every((tag) => tags.includes(tag));
}
