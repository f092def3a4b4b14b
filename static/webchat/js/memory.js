/**
 * Small things that a page remembers: drafts, what was read, the channel that was open.
 *
 * localStorage under the account's own prefix; a browser that refuses it forgets, nothing else breaks. Who has signed
 * out leaves nothing of this behind; what is unsent is kept elsewhere, until it has gone out. How often an account was
 * forgotten here is kept: a page that was opened before that, in whichever tab, writes nothing back.
 */

export class PageMemory {
  #prefix;
  #storage;
  #times;
  #timesKey;

  constructor(account, storage) {
    this.#prefix = `starling ${account} `;
    this.#storage = storage;
    this.#timesKey = `starling forgotten ${account}`;
    this.#times = this.#forgottenTimes();
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
      if (this.#forgottenTimes() !== this.#times) return;
      if (value) this.#storage.setItem(this.#prefix + key, value);
      else this.#storage.removeItem(this.#prefix + key);
    } catch (error) {
      console.info("This browser keeps no drafts:", error);
    }
  }

  /** Remove all that is remembered of the account; no page that is open now remembers anything more. */
  forget() {
    try {
      // First remove: where the browser's room is used up there is none for the count before that.
      const keys = Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at));
      for (const key of keys) if (key.startsWith(this.#prefix)) this.#storage.removeItem(key);
      this.#storage.setItem(this.#timesKey, String(this.#forgottenTimes() + 1));
    } catch (error) {
      console.info("This browser keeps no drafts:", error);
    }
  }

  #forgottenTimes() {
    try {
      return Number(this.#storage.getItem(this.#timesKey));
    } catch {
      return 0; // storage is switched off, so nothing is written either
    }
  }
}

/** That something was done in this browser, whoever uses it: it says nothing of any account, and stays when one is forgotten. */
export class BrowserMark {
  #key;
  #storage;

  constructor(name, storage) {
    this.#key = `starling mark ${name}`;
    this.#storage = storage;
  }

  get isSet() {
    try {
      return this.#storage.getItem(this.#key) !== null;
    } catch {
      return false; // storage is switched off
    }
  }

  set() {
    try {
      this.#storage.setItem(this.#key, "yes");
    } catch (error) {
      console.info("This browser keeps no mark:", error);
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
