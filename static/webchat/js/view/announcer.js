/**
 * What is said aloud, politely, and not more often than once in `EVERY_MS`, so that a reader can follow.
 *
 * Until it is said, of each kind the newest text wins; what is of another kind is said beside it. What has to be heard
 * is counted instead (`count`): of one thing its text, of several how many they are.
 */

import { systemClock } from "../clock.js";
import { byId, h } from "./dom.js";

export const EVERY_MS = 1000;

export class Announcer {
  #region = byId("announcer");
  #clock;
  #waiting = new Map();
  #isDue = false;

  constructor(clock = systemClock) {
    this.#clock = clock;
  }

  /** Say it soon; `kind` lets a newer text replace one that has not been said yet. */
  say(kind, text) {
    this.#wait(kind, () => text);
  }

  /** Say it soon, once for each `id`: `text` where it is the only one of its kind, otherwise `several(n)`. */
  count(kind, id, text, several) {
    const all = new Map(this.#waiting.get(kind)?.all);
    all.set(id, text);
    this.#wait(kind, () => (all.size > 1 ? several(all.size) : text), all);
  }

  #wait(kind, words, all = null) {
    this.#waiting.set(kind, { words, all });
    if (this.#isDue) return;
    this.#isDue = true;
    this.#clock.later(EVERY_MS, () => this.#speak());
  }

  #speak() {
    this.#isDue = false;
    this.#region.replaceChildren(...[...this.#waiting.values()].map(({ words }) => h("p", {}, words())));
    this.#waiting.clear();
  }
}
