/**
 * Who has the page before their eyes from time to time stays signed in: a session has an end, which only a page that is
 * loaded puts off, and a chat may stand open for weeks without that.
 *
 * So once a day the page asks for itself, if it was looked at since it did so last and there is a connection. What comes is of
 * no use but for the cookie that comes along. A page that nobody looks at is let go, as on a machine that somebody has left.
 */

const EVERY_MS = 24 * 3600 * 1000;
const LOOK_MS = 3600 * 1000;

export class Staying {
  #parts;
  #asked_ms;
  #wasSeen = false;

  /** `clock`; `load()`: ask the server for the page; `isLookedAt()`, `isOpen()`: as of now. */
  constructor(parts) {
    this.#parts = parts;
    this.#asked_ms = parts.clock.now();
    this.#wait();
  }

  /** The page is before somebody's eyes. */
  seen() {
    this.#wasSeen = true;
  }

  #wait() {
    this.#parts.clock.later(LOOK_MS, () => this.#look());
  }

  async #look() {
    const { clock, load, isLookedAt, isOpen } = this.#parts;
    this.#wasSeen ||= isLookedAt();
    const now_ms = clock.now();
    if (this.#wasSeen && isOpen() && now_ms - this.#asked_ms >= EVERY_MS) {
      try {
        await load();
        this.#asked_ms = now_ms;
        this.#wasSeen = false;
      } catch {
        // The network was away just then: asked again in an hour.
      }
    }
    this.#wait();
  }
}
