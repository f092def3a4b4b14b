/**
 * Asking the browser not to clear away what it keeps of this account when it runs short of room.
 *
 * It is asked once, after the first message that was written down: somebody who only looks has nothing to lose. Some
 * browsers decide by themselves, some ask the person. A refusal changes nothing but how sure it is.
 */

const ASKED = "keeping asked";

export class Keeping {
  #memory;
  #storage;

  /** `memory`: `get(key)`, `set(key, value)`; `storage`: the browser's, where it has one (https, localhost). */
  constructor(memory, storage = globalThis.navigator?.storage) {
    this.#memory = memory;
    this.#storage = storage;
  }

  /** Something is worth keeping. */
  async ask() {
    if (!this.#storage?.persist || this.#memory.get(ASKED)) return;
    this.#memory.set(ASKED, "yes");
    try {
      if (!(await this.#storage.persisted())) await this.#storage.persist();
    } catch (error) {
      console.info("This browser promises nothing about what it keeps:", error);
    }
  }
}
