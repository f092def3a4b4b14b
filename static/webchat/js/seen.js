/**
 * Whether any page of this account in this browser is before somebody's eyes.
 *
 * A page that is seen holds a shared lock (Web Locks), which the browser gives back with the page, so nothing is
 * believed of a page that crashed. Without Web Locks a page knows only of itself.
 */

export class Seen {
  #name;
  #page;
  #locks;
  #release = null;
  #waiting = [];

  constructor(name, page, locks = globalThis.navigator?.locks) {
    this.#name = name;
    this.#page = page;
    this.#locks = locks;
    page.addEventListener("visibilitychange", () => this.#changed());
    this.#changed();
  }

  /** Whether some page is seen now. */
  async isAny() {
    if (!this.#page.hidden) return true;
    const state = await this.#locks?.query();
    return (state?.held ?? []).some((lock) => lock.name === this.#name);
  }

  /** Call once this page is seen: now, or when somebody comes back to it. */
  whenSeen(act) {
    if (this.#page.hidden) this.#waiting.push(act);
    else act();
  }

  #changed() {
    if (this.#page.hidden) {
      this.#release?.();
      this.#release = null;
      return;
    }
    for (const act of this.#waiting.splice(0)) act();
    if (this.#release) return;
    const held = new Promise((release) => (this.#release = release));
    this.#locks?.request(this.#name, { mode: "shared" }, () => held);
  }
}
