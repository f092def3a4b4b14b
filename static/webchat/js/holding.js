/**
 * Which of a channel's messages a page holds: pages of history and snapshots come in, and when there are
 * too many some go.
 *
 * What is held beside a page or a snapshot stays; where the two do not meet, a gap is marked
 * (`rowlist.js`). The channel on the screen keeps what is being read and the newest; one that is put away keeps its end.
 * What goes is still with the node: the beginning is loaded again by scrolling, and a hole that is made
 * in between is marked as one, so that it shows and can be filled.
 */

import { isChange } from "./looks.js";
import { isSettled } from "./progress.js";

/** Messages that a page of history has. */
export const HISTORY_LIMIT = 100;
/** Rows of the channel on the screen. */
export const ROWS_MAX = 12000;
/** Rows of any other channel. */
export const ROWS_AWAY_MAX = 200;
/** The newest stay in any case: they are the way back from a look far into the past. */
export const NEWEST_KEPT = 100;
/** Rows on both sides of what is being read that stay. */
const AROUND_KEPT = 1000;

/**
 * A page of the channel's history before an order key (null: the newest), oldest first, nothing missing
 * within it; `more`: older messages may exist.
 */
export function paged(messages, channel, before, page, more) {
  covered(messages, channel, before, page, more, (message) => messages.paged(message));
}

/** A page that ends with a place in the order, far from all that is held: what lies between them may be missing. */
export function pagedApart(messages, channel, order, page, more) {
  const next = messages.rows(channel).find((row) => row.order > order);
  paged(messages, channel, justBehind(order), page, more);
  if (next) messages.list(channel).open(next.order);
}

/** The least order key behind one. */
export const justBehind = (order) => order + LEAST_BYTE;

/** A key with this behind it is the least one after it that has whole bytes. */
const LEAST_BYTE = "00";

function covered(messages, channel, before, page, more, take) {
  // An own message of which only its receipts were told says nothing of what stands around it.
  const held = messages.row(page[0]?.id);
  const leavesGap = held?.isLookTold ? Boolean(held.gap) : more;
  for (const message of page) take({ ...message, history: true });
  messages.list(channel).cover(messages.row(page[0]?.id), before, leavesGap);
}

/** The node says that what has failed is pending: another page tries it again. An own Retry is not touched. */
export function retriedElsewhere(messages, report) {
  if (messages.entry(report.id)?.state === "failed") messages.takenUp(report);
}

/**
 * The channel's newest messages and our unfinished ones, as the node has them. What the node has not
 * accepted yet always stays.
 */
export function resynced(messages, channel, newest, outbox, author = "", name = "") {
  const fresh = new Set([...newest, ...outbox].map((each) => each.id));
  const isLost = (row) => row.accepted && !isSettled(row) && !fresh.has(row.id);
  const lost = messages.rows(channel).filter(isLost);
  for (const row of lost) messages.drop(row);
  messages.beginSnapshot(channel, fresh);
  for (const report of outbox) retriedElsewhere(messages, report);
  for (const report of outbox) if (!isChange(report)) messages.reported(report, author, name);
  covered(messages, channel, null, newest, true, (message) => messages.received(message));
  for (const report of outbox) if (isChange(report)) messages.reported(report, author, name);
  // One that was sent meanwhile, but before the oldest of these, may be missing where it stood.
  for (const { order } of lost) if (order && order < (newest[0]?.order ?? "")) messages.list(channel).open(order);
}

/** Hold at most about `max` rows of the channel; `at`: the id of what is being read. True when some went. */
export function trimmed(messages, channel, max, at = null) {
  const rows = messages.rows(channel);
  if (rows.length <= max) return false;
  const index = rows.findIndex((row) => row.id === at);
  const gone = surplus(rows, max, index < 0 ? rows.length - 1 : index);
  for (const row of gone) messages.drop(row);
  if (gone.length > 0) messages.list(channel).open(gone.at(-1).order);
  return gone.length > 0;
}

/** The rows to drop of those beyond `max`, and a tenth more; only what the node has for certain. */
function surplus(rows, max, at) {
  const n = rows.length - Math.floor(max * 0.9);
  const readsTheEnd = at >= n + Math.min(AROUND_KEPT, max / 4);
  const from = readsTheEnd ? 0 : Math.max(0, rows.length - NEWEST_KEPT - n);
  return rows.slice(from, from + n).filter(isSettled);
}
