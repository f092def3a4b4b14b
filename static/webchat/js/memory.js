/**
 * Small things that a page remembers: drafts, what was read, the channel that was open.
 *
 * localStorage under the account's own prefix; a browser that refuses it forgets, nothing else breaks. Who signs out
 * leaves nothing of this behind; what is unsent is kept elsewhere, until it has gone out.
 */

export class PageMemory {
  #prefix;
  #storage;
  #isForgotten = false;

  constructor(account, storage) {
    this.#prefix = `starling ${account} `;
    this.#storage = storage;
  }

  get(key) {
    try {
      return this.#storage.getItem(this.#prefix + key);
    } catch {
      return null; // storage is switched off
    }
  }

  /** An empty value is removed. */
  set(key, value) {
    if (this.#isForgotten) return;
    try {
      if (value) this.#storage.setItem(this.#prefix + key, value);
      else this.#storage.removeItem(this.#prefix + key);
    } catch (error) {
      console.info("This browser keeps no drafts:", error);
    }
  }

  /** Remove all that is remembered of the account, and remember nothing more on this page. */
  forget() {
    this.#isForgotten = true;
    try {
      const keys = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
      for (const key of keys) if (key.startsWith(this.#prefix)) this.#storage.removeItem(key);
    } catch (error) {
      console.info("This browser keeps no drafts:", error);
    }
  }
}

/** The list of names under a key of a memory; one that is no list of names is said, removed and empty. */
export function storedNames(memory, key) {
  try {
    const names = JSON.parse(memory.get(key) || "[]");
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
    throw new TypeError("no list of names");
  } catch (error) {
    console.info(`What this browser kept of "${key}" can't be read:`, error);
    memory.set(key, "");
    return [];
  }
}
