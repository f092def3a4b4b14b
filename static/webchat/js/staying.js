/**
 * Who uses the page from time to time stays signed in: a session has an end, which only a page that is loaded puts off, and
 * a chat may stand open for weeks without that.
 *
 * So once a day the page asks for itself, if somebody came to it, typed or pressed something since it did so last, and there is
 * a connection. What comes is of no use but for the cookie that comes along. A page that nobody uses is let go, though it may be
 * in sight, as on a machine that somebody has left.
 */

const LOOK_MS = 3600 * 1000;
const EVERY_LOOKS = 24;

export class Staying {
  #parts;
  #looks = 0;
  #wasUsed = false;

  /** `clock`; `load()`: ask the server for the page, fails when it does not come; `isOpen()`: whether there is a connection. */
  constructor(parts) {
    this.#parts = parts;
    this.#wait();
  }

  /** Somebody is at the page. */
  used() {
    this.#wasUsed = true;
  }

  #wait() {
    this.#parts.clock.later(LOOK_MS, () => this.#look());
  }

  async #look() {
    this.#looks += 1;
    if (this.#looks >= EVERY_LOOKS && this.#wasUsed && this.#parts.isOpen()) {
      try {
        await this.#parts.load();
        [this.#looks, this.#wasUsed] = [0, false];
      } catch {
        // The network or the server was away just then: asked again in an hour.
      }
    }
    this.#wait();
  }
}

/** The page once more, to its end; fails when something else comes. */
export async function loadAgain(address) {
  const answer = await fetch(address, { cache: "no-store" });
  if (!answer.ok || answer.redirected) throw new Error(`${address}: ${answer.status}`);
  await answer.text();
}
