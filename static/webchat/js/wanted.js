/**
 * The channels that somebody asked to join and the node has not been told of yet; the next page knows them too.
 *
 * The tabs of an account share the list, so each operation reads it, changes its own name in it and writes it.
 * What this page added it knows by itself as well, for a browser that keeps nothing. At most `WANTED_MAX`, the
 * latest ones; a list that can't be read is empty.
 */

import { storedNames } from "./memory.js";

export const WANTED_MAX = 50;
const KEY = "wanted";
const NOT_REACHED = new Set(["CONNECTION_LOST", "WORKER_UNAVAILABLE"]);

export class WantedChannels {
  #memory;
  #own = new Set();

  /** `memory`: `get(key)`, `set(key, value)`. */
  constructor(memory) {
    this.#memory = memory;
  }

  [Symbol.iterator]() {
    return this.#names().slice(-WANTED_MAX).values();
  }

  add(name) {
    this.#own.add(name);
    const names = this.#names();
    this.#write(names.slice(-WANTED_MAX));
    for (const lost of names.slice(0, -WANTED_MAX)) {
      this.#own.delete(lost);
      console.info("Too many channels wait to be joined, forgotten:", lost);
    }
  }

  /** Ask the node to join; what it can't be told now stays for the next connection. Throws when it refuses. */
  async ask(name, request) {
    this.add(name);
    try {
      await request({ type: "channel.join", channel: name });
    } catch (error) {
      if (NOT_REACHED.has(error.code)) return;
      this.delete(name);
      throw error;
    }
    this.delete(name);
  }

  delete(name) {
    this.#own.delete(name);
    this.#write(this.#names().filter((each) => each !== name));
  }

  /** Those of all tabs, the one that was added last at the end. */
  #names() {
    return [...new Set([...storedNames(this.#memory, KEY), ...this.#own])];
  }

  #write(names) {
    this.#memory.set(KEY, names.length > 0 ? JSON.stringify(names) : "");
  }
}
