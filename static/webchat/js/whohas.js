/**
 * Who has an own message, in words: what the receipts and acks of a row say about it, name by name.
 */

import { say } from "./strings.js";

/**
 * `{summary, has, lacks}`: a sentence; those who have it, `{id, name, at_ms}`, first first; those who can't
 * be reached, `{id, name, at_ms}` (since when). `more` of those who have it are not named, `missing` not heard of.
 */
export function whoHas(row, nameOf) {
  const named = (pairs) => pairs.map(([id, at_ms]) => ({ id, at_ms, name: nameOf(id) }));
  const has = named([...row.acks].sort((a, b) => a[1] - b[1]));
  const known = new Set(row.acks.map(([id]) => id));
  const lacks = named(row.unreachable.filter(([id]) => !known.has(id)));
  const { n, m } = row.delivered;
  return {
    summary: storedWords(row),
    has,
    lacks,
    more: Math.max(0, n - has.length),
    missing: Math.max(0, m - Math.max(n, has.length) - lacks.length),
  };
}

function storedWords({ alone, local, stored: { k, of, machines } }) {
  if (alone) return say("has.alone");
  if (local) return say("has.local");
  if (k === 0) return say("has.stored.unknown");
  return machines > 0 && machines < k ? say("has.stored.machines", { k, of, n: machines }) : say("has.stored", { n: k, of });
}
