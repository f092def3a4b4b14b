/**
 * The rows that a page holds: by id, and of each channel in the order that everybody sees.
 *
 * One row per id; a row is in its channel's list (`rowlist.js`) for as long as it is held.
 */

import { RowList } from "./rowlist.js";

export class HeldRows {
  #rows = new Map();
  #lists = new Map();
  #place = 0;

  get = (id) => this.#rows.get(id);

  get all() {
    return [...this.#rows.values()];
  }

  /** The channel's rows, oldest first. */
  of(channel) {
    return this.#lists.get(channel)?.rows ?? [];
  }

  /** The channel's rows with what may be missing between them. */
  list(channel) {
    if (!this.#lists.has(channel)) this.#lists.set(channel, new RowList());
    return this.#lists.get(channel);
  }

  add(row) {
    this.#place += 1;
    row.place = this.#place;
    this.#rows.set(row.id, row);
    this.list(row.channel).insert(row);
  }

  reorder(row, order) {
    this.#lists.get(row.channel).reorder(row, order);
  }

  remove(row) {
    this.#rows.delete(row.id);
    this.#lists.get(row.channel)?.remove(row);
  }

  /** Nothing is known of a channel any more but the rows that are still held. */
  forget(channel) {
    const kept = this.of(channel);
    this.#lists.delete(channel);
    for (const row of kept) this.list(channel).insert(row);
  }
}
