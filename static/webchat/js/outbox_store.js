/**
 * Where the outbox is kept: IndexedDB, one database per account; memory where a browser refuses that.
 *
 * A record is what `written` of `outbox.js` takes of a message, with `op` and `failed`, keyed by the id,
 * which sorts by time. `put` and `drop` return after the write is on disk (`durability: "strict"`), so a row that is drawn
 * afterwards survives a crash of the browser or of the machine.
 */

const STORE = "messages";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

class IndexedStore {
  volatile = false;
  #database;
  #kept;

  constructor(database, kept) {
    this.#database = database;
    this.#kept = kept;
  }

  async all() {
    return done(this.#database.transaction(STORE).objectStore(STORE).getAll());
  }

  async put(record) {
    await this.#write((store) => store.put(record));
    this.#kept();
  }

  drop(id) {
    return this.#write((store) => store.delete(id));
  }

  #write(act) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new DOMException("the write was aborted", "AbortError"));
      act(transaction.objectStore(STORE));
    });
  }
}

/** The same in memory: for tests, and for browsers that keep nothing. */
export class MemoryStore {
  volatile = true;
  records = new Map();

  async all() {
    const sorted = [...this.records.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    return structuredClone(sorted);
  }

  async put(record) {
    this.records.set(record.id, structuredClone(record));
  }

  async drop(id) {
    this.records.delete(id);
  }
}

/**
 * Open the account's store; falls back to memory, which the store says by `volatile`. `kept()` is called when something
 * is on the disk.
 */
export async function openOutboxStore(account, kept = () => {}) {
  try {
    const opening = indexedDB.open(`starling-outbox-${account}`, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id" });
    const database = await done(opening);
    database.onversionchange = () => database.close();
    return new IndexedStore(database, kept);
  } catch (error) {
    console.info("The outbox is kept in memory only:", error);
    return new MemoryStore();
  }
}
