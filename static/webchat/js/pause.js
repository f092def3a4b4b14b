/**
 * The browser's outbox rests: the node can't be reached (backoff), or takes no more for now and has said for how long.
 *
 * `limitedUntil_ms` is when a limit ends, for the rows that wait for it; 0 when none does. One pause at a time: a new
 * one ends the one before.
 */

const MIN_MS = 500;
const MAX_MS = 8000;

export class Pause {
  #clock;
  #over;
  #cancel = null;
  #inVain = 0;
  limitedUntil_ms = 0;

  /** `over()` is called when a pause has ended by itself. */
  constructor(clock, over) {
    this.#clock = clock;
    this.#over = over;
  }

  get isOn() {
    return this.#cancel !== null;
  }

  /** Whether the last attempts did not reach the node. */
  get isUnreachable() {
    return this.#inVain > 0;
  }

  /** The node was reached. */
  reached() {
    this.#inVain = 0;
  }

  /** It could not be reached: longer from time to time. */
  backOff() {
    this.#inVain += 1;
    this.#begin(Math.min(MAX_MS, MIN_MS * 2 ** (this.#inVain - 1)));
  }

  /** It takes no more for so long. */
  limited(wait_ms) {
    this.reached();
    this.#begin(wait_ms);
    this.limitedUntil_ms = this.#clock.now() + wait_ms;
  }

  end() {
    this.#cancel?.();
    this.#cancel = null;
    this.limitedUntil_ms = 0;
  }

  #begin(ms) {
    this.end();
    this.#cancel = this.#clock.later(ms, () => {
      this.end();
      this.#over();
    });
  }
}
