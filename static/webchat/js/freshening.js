/**
 * Rows that may look different by now: a snapshot tells the newest messages alone, and what stood above them may
 * have been edited, deleted or reacted to while this page had no connection.
 *
 * Such a row (`isStale`) is asked for again when it comes near what is in sight: the page of history that ends
 * with it, one at a time. What could not be had is asked for again after `RETRY_MS`, as long as it is in sight.
 */

export const RETRY_MS = 5000;

export class Freshening {
  #its;
  #isAsking = false;
  #notBefore_ms = 0;

  /** `load(channel, before)` fetches a page of history; `rows(channel)`, `isOpen()`, `clock`; `again()`: look once more. */
  constructor(its) {
    this.#its = its;
  }

  /** These rows, in their order, are in sight or near it. */
  async near(rows) {
    const last = rows.findLast((row) => row.isStale);
    const { load, isOpen, clock, again } = this.#its;
    if (!last || this.#isAsking || !isOpen() || clock.now() < this.#notBefore_ms) return;
    this.#isAsking = true;
    try {
      await load(last.channel, this.#after(last));
    } catch {
      this.#notBefore_ms = clock.now() + RETRY_MS;
      clock.later(RETRY_MS, again);
    }
    this.#isAsking = false;
  }

  /** The order key of the row behind this one; null at the end. */
  #after(row) {
    const rows = this.#its.rows(row.channel);
    return rows[rows.indexOf(row) + 1]?.order || null;
  }
}
