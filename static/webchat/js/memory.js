/**
 * Small things that a page remembers: drafts, what was read, the channel that was open.
 *
 * localStorage under the account's own prefix; a browser that refuses it forgets, nothing else breaks.
 */

export class PageMemory {
  #prefix;
  #storage;

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
    try {
      if (value) this.#storage.setItem(this.#prefix + key, value);
      else this.#storage.removeItem(this.#prefix + key);
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
