/**
 * What the outbox holds: in the store, where it is written first, and the same in memory, where it is read.
 *
 * Other pages of the account write into the same store and say so; what they say is held here without another write.
 */

import { bare } from "./outboxframes.js";

export class Records {
  #store;
  #held = new Map();

  constructor(store) {
    this.#store = store;
  }

  get size() {
    return this.#held.size;
  }

  get all() {
    return [...this.#held.values()];
  }

  /** Whether a page that goes takes with it what is nowhere else. */
  get isLosing() {
    return this.#store.volatile && this.size > 0;
  }

  /** How many are still to go out and stay in this browser without any page; none where it keeps nothing. */
  get kept() {
    return this.#store.volatile ? 0 : this.all.filter(({ op }) => op !== "discard").length;
  }

  /** Ids of what was discarded and stays in this browser until the node has heard of it. */
  get discarded() {
    return this.#store.volatile ? [] : this.all.filter(({ op }) => op === "discard").map(({ id }) => id);
  }

  /** Nothing that was discarded can be read on the disk any more; in memory it is as it was. */
  async blank(ids) {
    for (const id of ids) {
      const record = this.#held.get(id);
      if (record?.op === "discard") await this.#store.put(bare(record));
    }
  }

  get(id) {
    return this.#held.get(id);
  }

  /** Whether it is still the one that there is; not when it was discarded or retried meanwhile. */
  isHeld(record) {
    return this.#held.get(record.id) === record;
  }

  /** Those of the store that are not held yet. */
  async stored() {
    return (await this.#store.all()).filter(({ id }) => !this.#held.has(id));
  }

  /** It is in the store. */
  hold(record) {
    this.#held.set(record.id, record);
  }

  /** It is in the store no more. */
  release(id) {
    this.#held.delete(id);
  }

  put(record) {
    return this.#store.put(record);
  }

  drop(id) {
    this.release(id);
    return this.#store.drop(id);
  }

  /** Those that pass, in the order in which they were written. */
  inOrder(passes) {
    return this.all.filter(passes).sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}
