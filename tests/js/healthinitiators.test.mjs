/** A row of who stores a channel tells what others can't believe of it, what it lacks, and where its time goes. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { initiatorHeads, initiatorRows } from "../../static/webchat/js/health/initiators.js";
import { initiator, INITIATORS } from "./healthdouble.mjs";

const textOf = (cell) => (typeof cell === "object" ? [cell.text, cell.note].filter(Boolean).join(" | ") : cell);

/** The cells of one row by the heads of their columns. */
function told(changes, age_ms) {
  const [{ cells }] = initiatorRows([initiator(INITIATORS[0], changes)], (id) => id.slice(0, 2), age_ms);
  const heads = initiatorHeads();
  assert.equal(cells.length, heads.length);
  return Object.fromEntries(heads.map((head, at) => [head, cells[at]]));
}

test("one that is well has nothing in red and nothing to explain", () => {
  const row = told({ subscribers: 4, now: { attempted: 12, failed: 0, p95_ms: 30, parts: { network: 24, queue: 6 } } });
  assert.equal(textOf(row.Node), "a1");
  assert.equal(textOf(row.Subscribers), "4");
  assert.equal(textOf(row["Pushes, last minute"]), "12, 0 failed, p95 30 ms | mostly network (80%)");
  assert.ok(Object.values(row).every((cell) => !cell.kind));
});

test("one that was asked only just now is not called silent, and one that is silent says how", () => {
  const unheard = told({ answers: false, unheard: true, outcome: "unheard" }).Answers;
  assert.deepEqual([textOf(unheard), unheard.kind ?? ""], ["not yet | asked only just now", ""]);
  const silent = told({ answers: false, outcome: "timeout" }).Answers;
  assert.deepEqual([silent.text, silent.kind], ["timeout", "is-troubled"]);
});

test("a word that is older than the page may be says how old it is, with the age of the picture", () => {
  assert.equal(textOf(told({ age_ms: 2000 }).Answers), "yes");
  assert.equal(textOf(told({ age_ms: 7000 }).Answers), "yes | as of 7 s ago");
  assert.equal(textOf(told({ age_ms: 1500 }, 1500).Answers), "yes | as of 3 s ago");
  assert.equal(told({ age_ms: 7000 }).Answers.kind, undefined, "no trouble");
  assert.equal(textOf(told({}, 500).Answers), "yes"); // an earlier worker's, which does not say
});

test("each number that the others contradict says so, and the others don't", () => {
  const now = { attempted: 3, failed: 0, p95_ms: 5, parts: {} };
  const heads = { messages: "Messages", bytes: "Size", subscribers: "Subscribers", pushes: "Pushes, last minute" };
  for (const [what, head] of Object.entries(heads)) {
    const row = told({ doubted: [what], subscribers: 4, now });
    const doubted = Object.entries(row).filter(([, cell]) => /contradict/.test(textOf(cell)));
    assert.deepEqual(doubted.map(([name, { kind }]) => [name, kind]), [[head, "is-troubled"]]);
  }
});

test("one without room says so", () => {
  const { Size } = told({ full: true });
  assert.deepEqual([textOf(Size), Size.kind], ["700 B | refuses messages: no room", "is-troubled"]);
});

test("pushes that fail are a trouble when the verdict calls them one; who says nothing of them says nothing", () => {
  const now = { attempted: 20, failed: 3, p95_ms: null, parts: {} };
  assert.equal(told({ now })["Pushes, last minute"].kind, "is-troubled");
  assert.equal(told({ now: { ...now, failed: 2 } })["Pushes, last minute"].kind, "");
  assert.equal(told({ now: null })["Pushes, last minute"], "–");
  assert.equal(told({ now: { ...now, attempted: 0, failed: 0 } })["Pushes, last minute"], "0");
});
