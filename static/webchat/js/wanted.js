/** The channels that somebody asked to join and the node has not been told of yet; the next page knows them too. */

const KEY = "wanted";

export class WantedChannels {
  #memory;
  #names;

  /** `memory`: `get(key)`, `set(key, value)`. */
  constructor(memory) {
    this.#memory = memory;
    this.#names = new Set(JSON.parse(memory.get(KEY) ?? "[]"));
  }

  [Symbol.iterator]() {
    return [...this.#names].values();
  }

  add(name) {
    this.#names.add(name);
    this.#remember();
  }

  delete(name) {
    this.#names.delete(name);
    this.#remember();
  }

  #remember() {
    this.#memory.set(KEY, this.#names.size > 0 ? JSON.stringify([...this.#names]) : "");
  }
}
