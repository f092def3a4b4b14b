/**
 * The rows of a channel as a page shows them: day lines between days, one head for an author's run, where
 * the unread begin, and where something may be missing.
 */

const RUN_MS = 5 * 60 * 1000;

const days = new WeakMap();

/** The day of a row, which thousands are asked for with every message. */
function dayOf(row) {
  const known = days.get(row);
  if (known?.at_ms === row.at_ms) return known.day;
  const day = new Date(row.at_ms).setHours(0, 0, 0, 0);
  days.set(row, { at_ms: row.at_ms, day });
  return day;
}

/**
 * The items of a timeline: `{key, kind: "day", at_ms}`, `{key, kind: "gap", row}` before a row that
 * something may be missing before, `{key, kind: "line"}` above the first unread row, and
 * `{key, kind: "row", row, isHead}`. A row has no head when the same author wrote the one before it less
 * than five minutes earlier, with nothing between. `line`: the order key up to which was read, or empty.
 */
export function timelineItems(rows, line = "") {
  const items = [];
  let before = null;
  let lined = !line;
  for (const row of rows) {
    const count = items.length;
    if (row.gap) items.push({ key: `gap ${row.id}`, kind: "gap", row });
    if (before === null || dayOf(before) !== dayOf(row)) items.push({ key: `day ${row.id}`, kind: "day", at_ms: row.at_ms });
    if (!lined && row.order > line && !row.own) {
      items.push({ key: `line ${line}`, kind: "line" });
      lined = true;
    }
    const goesOn = items.length === count && before.author === row.author && Math.abs(row.at_ms - before.at_ms) < RUN_MS;
    items.push({ key: row.id, kind: "row", row, isHead: !goesOn });
    before = row;
  }
  return items;
}

/** Which day it is from today: 0 today, 1 yesterday, otherwise another number. */
export function daysAgo(at_ms, now_ms) {
  const midnight = (ms) => new Date(ms).setHours(0, 0, 0, 0);
  return Math.round((midnight(now_ms) - midnight(at_ms)) / 86400000);
}
