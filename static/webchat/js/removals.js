/**
 * On how many nodes an own deletion has been heard of, by the message that it is about.
 *
 * The node tells of deletions apart from messages, and of some whose message is not on the page yet: it may be loaded
 * later, or was put away and comes again. So the counts are kept here, whether there is a row for them or not.
 */

import { NewestMap } from "./newestmap.js";
import { mergeDelivered, NOTHING_DELIVERED } from "./receipts.js";

/** Over that, the one that was heard of longest ago is forgotten. */
export const REMOVALS_MAX = 1000;

export class Removals {
  #known = new NewestMap(REMOVALS_MAX);

  /** `{n, m}` for a message. */
  of = (id) => this.#known.get(id) ?? NOTHING_DELIVERED;

  /** A deletion's report; `row`: the message that it is about, where that is here. */
  heard({ target, delivered }, row) {
    const all = mergeDelivered(row?.removed ?? this.of(target), delivered);
    this.#known.set(target, all);
    if (row) row.removed = all;
  }
}
