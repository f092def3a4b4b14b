/**
 * The rows of a channel as a page shows them: day lines between days, and one head for an author's run.
 */

const RUN_MS = 5 * 60 * 1000;

const dayOf = (ms) => {
  const date = new Date(ms);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
};

/**
 * The items of a timeline: `{key, kind: "day", at_ms}` and `{key, kind: "row", row, isHead}`. A row
 * has no head when the same author wrote the one before it less than five minutes earlier that day.
 */
export function timelineItems(rows) {
  const items = [];
  let before = null;
  for (const row of rows) {
    const newDay = before === null || dayOf(before.at_ms) !== dayOf(row.at_ms);
    if (newDay) items.push({ key: `day ${row.id}`, kind: "day", at_ms: row.at_ms });
    const goesOn = !newDay && before.author === row.author && Math.abs(row.at_ms - before.at_ms) < RUN_MS;
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
