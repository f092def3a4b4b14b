/**
 * Which of a long list's items are on the page, and how much room the others take.
 *
 * The page holds the items of one window around what is in sight; two empty boxes stand for those above
 * and below. A height is measured when an item is on the page and remembered by its key; until then an
 * item counts as `GUESS_PX`. Nothing here knows a page, so the view keeps what is read in its place.
 */

/** Items kept on the page on each side of those in sight. */
export const MARGIN_ITEMS = 40;
/** So many are enough for a moment, where somebody drags through a long list. */
export const MARGIN_IN_HASTE_ITEMS = 8;
/** A new window is made when fewer than that are left on a side. */
export const NEAR_ITEMS = 25;
export const GUESS_PX = 44;

export class Window {
  #keys = [];
  #heights = new Map();
  #tops = new Float64Array(1);
  from = 0;
  to = 0;

  /** How many items there are. */
  get size() {
    return this.#keys.length;
  }

  /** The list is this now; heights of what is gone are forgotten. */
  setKeys(keys) {
    this.#keys = keys;
    if (this.#heights.size > keys.length + MARGIN_ITEMS) {
      const kept = new Set(keys);
      for (const key of this.#heights.keys()) if (!kept.has(key)) this.#heights.delete(key);
    }
    this.#sum();
  }

  /** The page has another width: every height is a guess again. */
  forget() {
    this.#heights.clear();
    this.#sum();
  }

  /** Items `[key, height]` as they are on the page; whether that is news. */
  measured(pairs) {
    let isNew = false;
    for (const [key, height] of pairs) {
      if (this.#heights.get(key) === height) continue;
      this.#heights.set(key, height);
      isNew = true;
    }
    if (isNew) this.#sum();
    return isNew;
  }

  /** Room above the window, and below it. */
  get above() {
    return this.#tops[this.from];
  }

  get below() {
    return this.#tops[this.size] - this.#tops[this.to];
  }

  /** The item at a distance from the top of the list, and how far into it that is. */
  at(px) {
    let [low, high] = [0, Math.max(0, this.size - 1)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#tops[middle] <= px) low = middle;
      else high = middle - 1;
    }
    return { index: low, into: px - this.#tops[low] };
  }

  /** Whether the items in sight, `first` to `last`, are too near to an end of the window that is not the list's. */
  isNarrow(first, last) {
    const above = this.from > 0 && first - this.from < NEAR_ITEMS;
    const below = this.to < this.size && this.to - 1 - last < NEAR_ITEMS;
    return above || below;
  }

  /** Whether the window has none of the items in sight. */
  isElsewhere(first, last) {
    return last < this.from || first >= this.to;
  }

  /** Put the window around the items in sight. */
  centre(first, last, margin = MARGIN_ITEMS) {
    this.from = Math.max(0, Math.min(first, this.size) - margin);
    this.to = Math.min(this.size, last + 1 + margin);
  }

  #sum() {
    const tops = new Float64Array(this.#keys.length + 1);
    for (let at = 0; at < this.#keys.length; at += 1) {
      tops[at + 1] = tops[at] + (this.#heights.get(this.#keys[at]) ?? GUESS_PX);
    }
    this.#tops = tops;
    this.to = Math.min(this.to, this.size);
    this.from = Math.min(this.from, this.to);
  }
}
