/**
 * The rows of one channel in the order that everybody sees.
 *
 * A row's place is its `order` key, compared as text, the same on every node. A row that has no key
 * yet stands at the end, in the order of writing (`place`), until the node's answer brings the key.
 * Invariant: `rows` is sorted and holds each id once.
 *
 * Between a row and the one before it there may be messages that are not here: then the row's `gap` is
 * not empty (`open`, `loading`, `stuck`). What comes into a gap one by one closes none of it; a page of
 * history, which is whole, does (`cover`); nothing that it covers looks old any more.
 */

export function compareRows(a, b) {
  if (a.order && b.order) return a.order < b.order ? -1 : a.order > b.order ? 1 : a.place - b.place;
  if (a.order || b.order) return a.order ? -1 : 1;
  return a.place - b.place;
}

export class RowList {
  #rows = [];

  /** The rows, oldest first; not to be changed by the caller. */
  get rows() {
    return this.#rows;
  }

  /** Put a row in that is not in the list. */
  insert(row) {
    const at = this.#position(row);
    if (this.#rows[at]?.gap) row.gap = "open";
    this.#rows.splice(at, 0, row);
  }

  /** Take a row out; false when it is not there. */
  remove(row) {
    const at = this.#rows.indexOf(row);
    if (at < 0) return false;
    this.#rows.splice(at, 1);
    if (row.gap && this.#rows[at]) this.#rows[at].gap = "open";
    return true;
  }

  /** There may be messages missing before the first row from this order key on. */
  open(order) {
    const at = this.#rows.findIndex((each) => each.order >= order);
    if (at > 0) this.#rows[at].gap = "open";
  }

  /** Everything from the row `first` to the order key `before` (null: the end) is here; `more`: not what is older. */
  cover(first, before, more) {
    for (const row of this.#rows) {
      const isInside = !first || row.order > first.order;
      if (!isInside || (before !== null && row.order > before)) continue;
      row.gap = "";
      if (row.order !== before) row.isStale = false;
    }
    if (first) first.gap = more && this.#rows[0] !== first ? "open" : "";
  }

  /** Give a row its order key; true when it changed its place among the others. */
  reorder(row, order) {
    if (!order || row.order === order) return false;
    const before = this.#rows.indexOf(row);
    this.#rows.splice(before, 1);
    row.order = order;
    const after = this.#position(row);
    this.#rows.splice(after, 0, row);
    return before !== after;
  }

  #position(row) {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareRows(this.#rows[middle], row) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
