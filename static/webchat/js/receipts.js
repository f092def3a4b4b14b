/**
 * How two reports about one message become one: states and counts only ever go forward.
 *
 * Reports reach the page twice, late, or from an older snapshot. `STRENGTH` says which state wins;
 * a receipt beats a failure, however late it comes, and nothing beats a receipt. Only an explicit
 * retry takes a failed message back to pending, and that is not decided here.
 */

export const STRENGTH = Object.freeze({ pending: 0, failed: 1, sent: 2, delivered: 3, received: 4 });

/** The stronger of two states. */
export const strongerState = (a, b) => (STRENGTH[b] > STRENGTH[a] ? b : a);

/**
 * Nodes that stored it: `{k, of, machines}`; none of the counts falls, and k is never above `of`.
 *
 * Neither does `of`: the node takes the largest set of initiators that it has asked, so a smaller one is an older
 * report, and "3 of 5" followed by "3 of 3" would claim more than anybody said.
 */
export function mergeStored(old, fresh) {
  if (!fresh) return old;
  const k = Math.max(old.k, fresh.k ?? 0);
  return {
    k,
    of: Math.max(k, old.of, fresh.of ?? 0),
    machines: Math.max(old.machines, fresh.machines ?? 0),
  };
}

/**
 * Receivers that acknowledged it: `{n, m}`; neither falls.
 *
 * `m` are the subscribers that there were when the message got its quorum. Until then the receipts add to them,
 * from then on nobody goes, not even who leaves the channel; so a smaller `m` is older, and is of no use beside a
 * larger `n`: "4 of 9" and a late "2 of 3" are "4 of 9", not "4 of 4".
 */
export function mergeDelivered(old, fresh) {
  if (!fresh) return old;
  const n = Math.max(old.n, fresh.n ?? 0);
  return { n, m: Math.max(n, old.m, fresh.m ?? 0) };
}

/** Who has it, `[[node id, at_ms], …]`: nobody goes, and everybody keeps the first time; at most `ACKS_MAX`. */
export function mergeAcks(old, fresh = []) {
  const known = new Set(old.map(([id]) => id));
  const more = fresh.filter(([id]) => !known.has(id));
  return more.length ? [...old, ...more].slice(0, ACKS_MAX) : old;
}

/** The node names no more. */
const ACKS_MAX = 64;

export const NOTHING_STORED = Object.freeze({ k: 0, of: 0, machines: 0 });
export const NOTHING_DELIVERED = Object.freeze({ n: 0, m: 0 });
