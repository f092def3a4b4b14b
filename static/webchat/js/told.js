/**
 * Which of an account's pages in this browser tells of a message: the first that claims it, however much later the
 * others come to it.
 *
 * A page holds a lock (Web Locks) of each message that it has claimed, of the newest `CLAIMS_MAX`; the browser gives
 * them back with the page. Without Web Locks every page tells; where pages can show notifications there are locks.
 */

export const CLAIMS_MAX = 50;

export class Told {
  #name;
  #locks;
  #releases = [];

  constructor(name, locks = globalThis.navigator?.locks) {
    this.#name = name;
    this.#locks = locks;
  }

  /** Whether this page is the one that tells of the message; asked once. */
  async claim(id) {
    if (!this.#locks) return true;
    return new Promise((resolve, reject) => {
      const granted = (lock) => {
        resolve(lock !== null);
        return lock && this.#held();
      };
      this.#locks.request(`${this.#name} ${id}`, { ifAvailable: true }, granted).catch(reject);
    });
  }

  /** A promise that lasts as long as the lock should. */
  #held() {
    if (this.#releases.length === CLAIMS_MAX) this.#releases.shift()();
    return new Promise((release) => this.#releases.push(release));
  }
}
