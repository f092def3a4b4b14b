import assert from "node:assert/strict";
import { test } from "node:test";

import { GUESS_PX, MARGIN_IN_HASTE_ITEMS, MARGIN_ITEMS, NEAR_ITEMS, Window } from "../../static/webchat/js/window.js";

const keys = (n) => Array.from({ length: n }, (_, at) => `k${at}`);

test("a short list is on the page as a whole", () => {
  const rows = new Window();
  rows.setKeys(keys(30));
  rows.centre(20, 29);
  assert.deepEqual([rows.from, rows.to, rows.above, rows.below], [0, 30, 0, 0]);
});

test("of ten thousand a few are on the page, and the rest takes its room", () => {
  const rows = new Window();
  rows.setKeys(keys(10000));
  rows.centre(5000, 5020);
  assert.ok(rows.to - rows.from <= 2 * MARGIN_ITEMS + 21);
  assert.equal(rows.above + (rows.to - rows.from) * GUESS_PX + rows.below, 10000 * GUESS_PX);
});

test("what was measured is remembered when it has left the page, and counts at its place", () => {
  const rows = new Window();
  rows.setKeys(keys(1000));
  const heights = [
    ["k0", 100],
    ["k1", 10],
  ];
  assert.equal(rows.measured(heights), true);
  assert.equal(rows.measured(heights), false); // no news, so nothing on the page need be put back
  rows.centre(500, 520);
  assert.equal(rows.above, 110 + (500 - MARGIN_ITEMS - 2) * GUESS_PX);
  assert.deepEqual(rows.at(105), { index: 1, into: 5 });
  assert.deepEqual(rows.at(110 + GUESS_PX), { index: 3, into: 0 });
  rows.setKeys(["older", ...keys(1000)]);
  assert.deepEqual(rows.at(GUESS_PX + 105), { index: 2, into: 5 });
});

test("after a leap a smaller one is enough, which is narrow until there is time for more", () => {
  const rows = new Window();
  rows.setKeys(keys(1000));
  rows.centre(0, 20);
  assert.deepEqual([rows.isElsewhere(10, 30), rows.isElsewhere(500, 520)], [false, true]);
  rows.centre(500, 520, MARGIN_IN_HASTE_ITEMS);
  assert.equal(rows.to - rows.from, 21 + 2 * MARGIN_IN_HASTE_ITEMS);
  assert.ok(rows.isNarrow(500, 520));
});

test("a new window is made before the end of the old one is in sight, never at the list's own ends", () => {
  const rows = new Window();
  rows.setKeys(keys(1000));
  rows.centre(500, 520);
  assert.equal(rows.isNarrow(500, 520), false);
  assert.equal(rows.isNarrow(rows.from + NEAR_ITEMS - 1, 460), true);
  assert.equal(rows.isNarrow(560, rows.to - NEAR_ITEMS), true);
  rows.centre(0, 20);
  assert.equal(rows.isNarrow(0, 20), false);
});

test("heights of what is gone are forgotten", () => {
  const rows = new Window();
  rows.setKeys(keys(1000));
  rows.measured(keys(1000).map((key) => [key, 10]));
  rows.setKeys(keys(10));
  rows.setKeys(keys(1000));
  assert.equal(rows.at(10 * 10 + GUESS_PX).index, 11);
});
