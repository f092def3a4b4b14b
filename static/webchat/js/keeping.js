/**
 * Asking the browser not to clear away what it keeps of this account when it runs short of room.
 *
 * It is asked once, after the first message that was written down: somebody who only looks has nothing to lose. Some
 * browsers decide by themselves, some ask the person. A refusal changes nothing but how sure it is. That it was asked is
 * remembered of the browser, whoever signs in and out; one that remembers nothing is asked once by each page.
 */

export class Keeping {
  #mark;
  #storage;
  #isAsked = false;

  /** `mark`: `isSet`, `set()` (`BrowserMark`); `storage`: the browser's, where it has one (https, localhost). */
  constructor(mark, storage = globalThis.navigator?.storage) {
    this.#mark = mark;
    this.#storage = storage;
  }

  /** Something is worth keeping. */
  async ask() {
    if (!this.#storage?.persist || this.#isAsked || this.#mark.isSet) return;
    this.#isAsked = true;
    this.#mark.set();
    try {
      if (!(await this.#storage.persisted())) await this.#storage.persist();
    } catch (error) {
      console.info("This browser promises nothing about what it keeps:", error);
    }
  }
}
