/**
 * What somebody who does not look at the screen hears of what was written here: that it got out, or that it did not.
 *
 * How a message gets on is news that the next news replaces. A failure is not: it is of a kind of its own, so that no
 * success is heard in its place, and several are counted. What is here from an earlier page is no news at all.
 */

import { say } from "./strings.js";

export class Heard {
  #announcer;

  /** `announcer`: `say(kind, text)`, `count(kind, id, text, several)`. */
  constructor(announcer) {
    this.#announcer = announcer;
  }

  /** An own message has another state than before (`from`; null: it is new here). */
  row({ id, own, state, error }, from) {
    if (!own || from === state || from === null || state === "pending") return;
    if (state === "failed") this.#failed("heard.failed", id, error);
    else this.#announcer.say("progress", say(`heard.${state}`));
  }

  /** An own edit, deletion or reaction. */
  change({ id, state, error }, from) {
    if (state === "failed" && from !== "failed") this.#failed("heard.change.failed", id, error);
  }

  discarded(words) {
    this.#announcer.say("discarded", words);
  }

  #failed(key, id, { message }) {
    this.#announcer.count(key, id, say(key, { reason: message }), (n) => say(`${key}.several`, { n }));
  }
}
