/**
 * How often a server may be lost with a request that another one takes over from it. One loss is chance, and so may be a
 * second one. What a third server was lost with would end each further one, too.
 */
export const MOST_LOSSES = 2;

/** What the caller of such a request reads. */
export const LOST_TOO_OFTEN = `${MOST_LOSSES + 1} servers were lost one after the other while they carried this request out, so it is not begun again. If something else was the reason, send it once more.`;
