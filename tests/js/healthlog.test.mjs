/** The event log: each record once, newest first, nothing moves while it is paused, and what a filter chooses. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { exportQuery, KEPT_MAX, SHOWN_MAX, Tail } from "../../static/webchat/js/health/tail.js";
import { record } from "./healthdouble.mjs";

const serials = (tail) => tail.shown().records.map(({ serial }) => serial);

test("the past and the live tail meet, and no record is there twice", () => {
  const tail = new Tail();
  tail.add({ epoch: "e", records: [record(3), record(4)] });
  tail.add({ epoch: "e", records: [record(1), record(2), record(3)] });
  assert.deepEqual(serials(tail), [4, 3, 2, 1]);
});

test("a worker that was started anew begins to count again", () => {
  const tail = new Tail();
  tail.add({ epoch: "old", records: [record(1)] });
  tail.add({ epoch: "new", records: [record(1, { wall_ms: record(9).wall_ms })] });
  assert.equal(serials(tail).length, 2);
});

test("while it is paused nothing moves, and what waits is counted", () => {
  const tail = new Tail();
  tail.add({ epoch: "e", records: [record(1)] });
  tail.pause(true);
  tail.add({ epoch: "e", records: [record(2), record(3)] });
  assert.deepEqual([serials(tail), tail.waiting], [[1], 2]);
  tail.pause(false);
  assert.deepEqual([serials(tail), tail.waiting], [[3, 2, 1], 0]);
});

test("it is bounded, and says what was left out", () => {
  const tail = new Tail();
  tail.add({ epoch: "e", records: Array.from({ length: KEPT_MAX + 5 }, (_, at) => record(at)), skipped: 7 });
  const { records, matching, all } = tail.shown();
  assert.deepEqual([records.length, matching, all, tail.skipped], [SHOWN_MAX, KEPT_MAX, KEPT_MAX, 7]);
  assert.equal(records[0].serial, KEPT_MAX + 4);
});

test("filters: operation with its parts, outcome, channel, words", () => {
  const tail = new Tail();
  tail.add({
    epoch: "e",
    records: [
      record(1, { operation: "join" }),
      record(2, { operation: "join.attempt", outcome: "NO_QUORUM" }),
      record(3, { operation: "joined", outcome: "left" }),
      record(4, { operation: "attempt.direct", subject: "ab12", route: { channel: "#tea" } }),
    ],
  });
  const chosen = (filter) => {
    tail.filter = { operation: "", outcome: "", text: "", channel: "", ...filter };
    return serials(tail);
  };
  assert.deepEqual(chosen({ operation: "join" }), [2, 1]);
  assert.deepEqual(chosen({ outcome: "failed" }), [2]);
  assert.deepEqual(chosen({ outcome: "ok" }), [4, 3, 1]);
  assert.deepEqual(chosen({ channel: "#tea" }), [4]);
  assert.deepEqual(chosen({ text: " no_quorum " }), [2]);
  assert.deepEqual(tail.operations, ["attempt.direct", "join", "join.attempt", "joined"]);
});

test("a range of time shows what the worker still has of it, once, and what comes", () => {
  const tail = new Tail();
  tail.add({ epoch: "e", records: [record(7), record(8), record(9)] });
  const at = (serial) => record(serial).wall_ms;
  tail.filter = { ...tail.filter, since: at(2), until: at(8) };
  assert.deepEqual(serials(tail), [8, 7]);
  tail.found({ epoch: "e", records: [record(1), record(2), record(3), record(7)] });
  assert.deepEqual(serials(tail), [8, 7, 3, 2]);
  assert.equal(tail.shown().all, 6);
  tail.add({ epoch: "e", records: [record(3)] });
  assert.deepEqual(serials(tail), [8, 7, 3, 2]);
  tail.found({ epoch: "", records: [] });
  tail.filter = { ...tail.filter, since: null, until: null };
  assert.deepEqual(serials(tail), [9, 8, 7, 3]);
});

test("what a long range has beside a full log is not lost", () => {
  const tail = new Tail();
  tail.add({ epoch: "e", records: Array.from({ length: KEPT_MAX }, (_, at) => record(at + 100)) });
  tail.filter = { ...tail.filter, until: record(50).wall_ms };
  tail.found({ epoch: "e", records: [record(49), record(50)] });
  assert.deepEqual(serials(tail), [50, 49]);
});

test("the files are asked for with the same choice", () => {
  assert.equal(exportQuery({ operation: "", outcome: "", text: " ", channel: "" }), "");
  assert.equal(exportQuery({ operation: "join", outcome: "failed", text: "a&b", channel: "#tea" }), "?operation=join&outcome=failed&text=a%26b&channel=%23tea");
  assert.equal(exportQuery({ operation: "", outcome: "", text: "", channel: "", since: 5, until: 7 }), "?since=5&until=7");
});
