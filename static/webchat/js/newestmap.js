/** A map that holds the `max` entries that were set last; the oldest are forgotten. */
export class NewestMap extends Map {
  #max;

  constructor(max) {
    super();
    this.#max = max;
  }

  set(key, value) {
    this.delete(key);
    super.set(key, value);
    if (this.size > this.#max) this.delete(this.keys().next().value);
    return this;
  }

  /** Forget an entry; what it was. */
  take(key) {
    const value = this.get(key);
    this.delete(key);
    return value;
  }
}
