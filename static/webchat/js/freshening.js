/**
 * Rows that may look different by now: a snapshot tells the newest messages alone, and what stood above them may
 * have been edited, deleted or reacted to while this page had no connection.
 *
 * Such a row (`isStale`) is asked for again when it comes near what is in sight: the page of history that ends
 * with it, one at a time. What could not be had is asked for again after `RETRY_MS`, as long as it is in sight.
 */

import { justBehind } from "./holding.js";

export const RETRY_MS = 5000;

export class Freshening {
  #its;
  #isAsking = false;
  #isPausing = false;

  /** `load(channel, before)` fetches a page of history; `isOpen()`, `clock`; `again()`: look once more. */
  constructor(its) {
    this.#its = its;
  }

  /** These rows, in their order, are in sight or near it. */
  async near(rows) {
    const last = rows.findLast((row) => row.isStale);
    const { load, isOpen, clock, again } = this.#its;
    if (!last || this.#isAsking || !isOpen() || this.#isPausing) return;
    this.#isAsking = true;
    try {
      await load(last.channel, justBehind(last.order)); // a gap behind the row is somebody else's wish
    } catch {
      this.#isPausing = true;
      clock.later(RETRY_MS, () => {
        this.#isPausing = false;
        again();
      });
    }
    this.#isAsking = false;
  }
}
