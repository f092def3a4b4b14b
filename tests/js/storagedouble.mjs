/** What a browser keeps between pages: a double of its `Storage` over a Map that the test can look into. */

export const storageOver = (kept = new Map()) => ({
  get length() {
    return kept.size;
  },
  key: (at) => [...kept.keys()][at] ?? null,
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, String(value)),
  removeItem: (key) => kept.delete(key),
});
