/** The matrix says of each pair how the one reaches the other, in words, and puts trouble first. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { cellOf, LEGEND, matrixNotes, matrixOf, ROWS_MAX, successAge_ms, troubledFirst } from "../../static/webchat/js/health/matrix.js";
import { factWords } from "../../static/webchat/js/health/subscribers.js";
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
  const fine = cellOf({ outcome: "ok", subscribers: {} }, "x", "i", nameOf, { failing_only: true });
  assert.ok(!cells.map(({ text }) => text).includes(fine.text));
  assert.deepEqual(new Set(LEGEND.map(({ kind }) => kind)), new Set([...cells, fine].map(({ kind }) => kind)));
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

test("in a large channel who is in no row is not failing there, and only in a small one unknown", () => {
  const [first, second, third] = INITIATORS;
  const troubled = SUBSCRIBERS[1];
  const reached = { reached: "directly", reached_by: 2, of: 3, broken: 1, reason: { code: "PATH_BROKEN", message: "", remedy: "" } };
  const picture = channelPicture({ failing_only: true, audience: 300, subscribers: [subscriber(troubled, reached)] });
  picture.matrix = {
    [first]: { outcome: "ok", until: null, subscribers: { [troubled]: failing("heard") } },
    [second]: { outcome: "ok", until: null, subscribers: {} },
    [third]: { outcome: "timeout", until: "", subscribers: {} },
  };
  const shown = matrixOf(picture, nameOf);
  assert.deepEqual(shown.rows.map(({ cells }) => cells.map(({ kind, text }) => [kind, text])), [[["oneway", "one way"], ["fine", "not failing"], ["silent", "no answer"]]]);
  assert.match(shown.rows[0].cells[1].title, /does not fail to reach/);
  assert.equal(matrixNotes(picture, shown).above, "Only those in trouble are listed; there are 300 subscribers in all.");
  assert.equal(matrixOf({ ...picture, failing_only: false }, nameOf).rows[0].cells[1].text, "not listed");
});

test("a table without rows says why: nobody is in trouble, nobody is there, or nobody has said", () => {
  const above = (changes) => {
    const picture = channelPicture({ subscribers: [], ...changes });
    return matrixNotes(picture, matrixOf(picture, nameOf)).above;
  };
  assert.match(above({ failing_only: true, audience: 300 }), /^Nobody is in trouble, by the word of those who answer; there are 300 subscribers in all, /);
  assert.equal(above({ audience: 0 }), "Nobody gets this channel's messages at the moment.");
  const matrix = Object.fromEntries(INITIATORS.map((id) => [id, { outcome: "timeout", until: "", subscribers: {} }]));
  for (const failing_only of [true, false]) assert.equal(above({ failing_only, audience: 0, matrix }), "No node that stores the channel has said who gets its messages.");
  const whole = channelPicture();
  assert.deepEqual(matrixNotes(whole, matrixOf(whole, nameOf)), { above: "", below: "" }, "nothing to explain");
});

test("a row that has come only so far says nothing of those behind", () => {
  const picture = channelPicture();
  const [near, far] = [SUBSCRIBERS[0], SUBSCRIBERS[2]];
  picture.matrix[INITIATORS[0]] = { outcome: "ok", until: SUBSCRIBERS[1], subscribers: {} };
  const texts = (failing_only) => matrixOf({ ...picture, failing_only }, nameOf).rows.filter(({ id }) => [near, far].includes(id)).map(({ cells }) => cells[0].text);
  assert.deepEqual(texts(false), ["not listed", "not yet"]);
  assert.deepEqual(texts(true), ["not failing", "not yet"]);
});

test("a column says how old its word is when it is older than the page may be, each by itself", () => {
  const picture = channelPicture();
  const olds = (age_ms) => matrixOf(picture, nameOf, age_ms).columns.map(({ old_ms }) => old_ms);
  assert.deepEqual(olds(1900), [null, null, null]);
  picture.matrix[INITIATORS[0]].subscribers[SUBSCRIBERS[1]].age_ms = 7000; // HEALTH is new, the row is not
  picture.initiators[1] = initiator(INITIATORS[1], { age_ms: 2500 });
  for (const found of Object.values(picture.matrix[INITIATORS[1]].subscribers)) delete found.age_ms; // an earlier engine's
  picture.initiators[2] = initiator(INITIATORS[2], { answers: false, outcome: "timeout", age_ms: 9000 });
  picture.matrix[INITIATORS[2]] = { outcome: "timeout", until: "", subscribers: {} };
  assert.deepEqual(olds(500), [7500, 3000, null]);
});

test("what a cell tells of times is as of now, not as of when its initiator said it", () => {
  const picture = channelPicture();
  const of = (age_ms) => matrixOf(picture, nameOf, age_ms).rows.find(({ id }) => id === SUBSCRIBERS[1]).cells[0];
  assert.match(of(0).title, /last success 3 s ago/);
  assert.match(of(2000).title, /last success 5 s ago/);
  const row = picture.matrix[INITIATORS[0]].subscribers;
  row[SUBSCRIBERS[1]] = failing("heard", { age_ms: 6000 });
  assert.equal(of(1000).note, "for 16 s; heard, does not hear");
  assert.match(of(1000).title, /last success 10 s ago/);
  row[SUBSCRIBERS[1]] = cell({ age_ms: undefined });
  picture.initiators[0] = initiator(INITIATORS[0], { age_ms: 4000 });
  assert.match(of(1000).title, /last success 8 s ago/, "an earlier engine's: as old as the rest of its word");
  row[SUBSCRIBERS[1]] = cell({ direction: "neither", failing_age_ms: 100, success_age_ms: null });
  assert.match(of(1000).title, /last success never/);
});

test("what an initiator said before is shown with its age while it does not answer that question", () => {
  const picture = channelPicture();
  picture.matrix[INITIATORS[0]] = { outcome: "timeout", until: "", subscribers: { [SUBSCRIBERS[1]]: cell({ age_ms: 8000 }) } };
  const { columns, rows } = matrixOf(picture, nameOf);
  assert.deepEqual([columns[0].silent, columns[0].old_ms], [false, 8000]);
  assert.deepEqual(rows.map(({ id, cells }) => [id, cells[0].kind]), SUBSCRIBERS.map((id) => [id, id === SUBSCRIBERS[1] ? "direct" : "silent"]));
});

test("through a relay messages arrive all the while: the last success is told as that of the direct way", () => {
  assert.match(told(failing("heard", { via: "d4", success_age_ms: 600_000 })).title, /last direct success 10 min ago/);
  assert.match(told(failing("heard")).title, /last success/);
  const [id] = SUBSCRIBERS;
  const by = (reached) => factWords({ reached, latency_ms: null, success_age_ms: 600_000, id });
  assert.equal(by("relay"), "last direct success 10 min ago");
  assert.equal(by("no"), "last direct success 10 min ago");
  assert.equal(by("directly"), "last success 10 min ago");
  assert.equal(by("untested"), "");
});

test("when somebody was reached last is as of now, by whoever reached it last", () => {
  const picture = channelPicture();
  const id = SUBSCRIBERS[1];
  const at = (age_ms) => successAge_ms(subscriber(id), picture, age_ms);
  INITIATORS.forEach((initiator, place) => Object.assign(picture.matrix[initiator].subscribers[id], { success_age_ms: [100, 900, null][place], age_ms: [9000, 500, 0][place] }));
  assert.deepEqual([at(0), at(1000)], [1400, 2400]);
  picture.matrix = {};
  assert.equal(at(1000), 4000, "of the list alone");
  assert.equal(successAge_ms(subscriber(id, { success_age_ms: null }), picture, 1000), null);
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
