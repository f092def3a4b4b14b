/** The matrix says of each pair how the one reaches the other, in words, and puts trouble first. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { cellOf, LEGEND, matrixOf, ROWS_MAX, troubledFirst } from "../../static/webchat/js/health/matrix.js";
import { cell, channelPicture, initiator, INITIATORS, subscriber, SUBSCRIBERS } from "./healthdouble.mjs";

const nameOf = (id) => id.slice(0, 2);
/** As the engine tells one: `heard` and `hears` only while its tries fail (`peernode/pubsub/reachability.py`). */
const failing = (direction, changes = {}) => cell({ direction, asymmetric: direction !== "neither", failing_age_ms: 9000, failures: 2, ...changes });
const told = (found) => cellOf({ outcome: "ok", subscribers: { x: found } }, "x", "i", nameOf);

test("every kind of cell differs by its word and its picture", () => {
  const cells = [
    told(cell()),
    told(failing("neither", { failing_age_ms: 12_000, failures: 4, repairs: 2 })),
    told(failing("neither", { via: "d4" })),
    told(failing("heard")),
    told(cell({ direction: "unknown", success_age_ms: null })),
    cellOf({ outcome: "timeout", subscribers: {} }, "x", "i", nameOf),
  ];
  assert.deepEqual(cells.map(({ kind }) => kind), ["direct", "no", "relay", "oneway", "untested", "silent"]);
  assert.deepEqual(cells.map(({ text }) => text), ["12 ms", "no way", "relay", "one way", "untested", "no answer"]);
  assert.equal(new Set(cells.map(({ icon }) => icon)).size, cells.length);
  assert.equal(cells[1].note, "for 12 s");
  assert.match(cells[1].title, /4 failures in a row, 2 repairs tried/);
  assert.equal(cells[2].note, "via d4");
  assert.equal(cells[3].note, "for 9 s; heard, does not hear");
  assert.match(cells[3].title, /^Not reached; heard, does not hear, last success/);
  assert.match(cells[5].title, /timeout/);
  assert.deepEqual(new Set(LEGEND.map(({ kind }) => kind)), new Set(cells.map(({ kind }) => kind)));
});

test("a one-way path is told as that whichever way it works, also where a relay is used", () => {
  const cells = [failing("hears"), failing("heard", { via: "d4" }), failing("hears", { via: "d4" })].map(told);
  assert.deepEqual(cells.map(({ kind }) => kind), ["oneway", "relay", "relay"]);
  assert.deepEqual(cells.map(({ note }) => note), ["for 9 s; hears, is not heard", "via d4; heard, does not hear", "via d4; hears, is not heard"]);
});

test("who has not answered yet is not called silent", () => {
  const unheard = cellOf({ outcome: "unheard", subscribers: {} }, "x", "i", nameOf);
  assert.deepEqual([unheard.kind, unheard.text], ["untested", "not yet"]);
  const picture = channelPicture();
  picture.initiators[1] = initiator(INITIATORS[1], { answers: false, unheard: true, outcome: "unheard" });
  picture.initiators[2] = initiator(INITIATORS[2], { answers: false, outcome: "timeout" });
  assert.deepEqual(matrixOf(picture, nameOf).columns.map(({ silent }) => silent), [false, false, true]);
});

test("a node that stores and listens is not asked about itself", () => {
  const { rows } = matrixOf(channelPicture(), nameOf);
  const at = INITIATORS.indexOf(SUBSCRIBERS[0]);
  assert.equal(rows.find(({ id }) => id === SUBSCRIBERS[0]).cells[at].kind, "self");
});

test("an initiator that does not list somebody says so, and one that does not answer", () => {
  const picture = channelPicture();
  picture.initiators[2] = initiator(INITIATORS[2], { answers: false, outcome: "timeout" });
  picture.matrix[INITIATORS[2]] = { outcome: "timeout", subscribers: {} };
  delete picture.matrix[INITIATORS[0]].subscribers[SUBSCRIBERS[1]];
  const { columns, rows } = matrixOf(picture, nameOf);
  assert.deepEqual(columns.map(({ answers }) => answers), [true, true, false]);
  assert.deepEqual(rows.find(({ id }) => id === SUBSCRIBERS[1]).cells.map(({ kind }) => kind), ["unlisted", "direct", "silent"]);
});

test("columns keep their places, whatever the order in which initiators are told", () => {
  const picture = channelPicture();
  const ids = (told) => matrixOf(told, nameOf).columns.map(({ id }) => id);
  assert.deepEqual(ids({ ...picture, initiators: [...picture.initiators].reverse() }), ids(picture));
});

test("trouble comes first, and what is left out at the bound is well", () => {
  const reason = { code: "X", message: "", remedy: "" };
  const many = Array.from({ length: ROWS_MAX + 30 }, (_, at) => subscriber(String(at).padStart(40, "0")));
  many[220] = subscriber(many[220].id, { reached: "no", reason });
  many[210] = subscriber(many[210].id, { reason });
  const { rows, left } = matrixOf(channelPicture({ subscribers: many }), nameOf);
  assert.deepEqual([rows.length, left], [ROWS_MAX, 30]);
  assert.deepEqual(rows.slice(0, 2).map(({ id }) => id), [many[220].id, many[210].id]);
  assert.deepEqual(troubledFirst(many).map(({ id }) => id), troubledFirst([...many].reverse()).map(({ id }) => id));
});
