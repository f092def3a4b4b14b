/** The event log: each record once, newest first, nothing moves while it is paused, and what a filter chooses. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { CHOSEN_MS, PAST_RECORDS, PastRange } from "../../static/webchat/js/health/ranging.js";
import { exportQuery, KEPT_MAX, SHOWN_MAX, Tail } from "../../static/webchat/js/health/tail.js";
import { chosenWords } from "../../static/webchat/js/health/view/log.js";
import { FakeClock, settle } from "./fakes.mjs";
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

/** The past behind a worker that answers when the test says so. */
function rangeWithWorker() {
  const clock = new FakeClock();
  const asked = [];
  const found = [];
  const failed = [];
  const request = (frame) => new Promise((resolve, reject) => asked.push({ frame, resolve, reject }));
  const range = new PastRange({ clock, request, found: (answer) => found.push(answer), failed: (error) => failed.push(error) });
  const nothing = { operation: "", outcome: "", text: "", channel: "", since: null, until: null };
  return { clock, asked, found, failed, choose: (filter) => range.choose({ ...nothing, ...filter }) };
}

test("a range of past time is asked for with all that is chosen, once nothing more is typed", () => {
  const { clock, asked, choose } = rangeWithWorker();
  choose({ since: 5 });
  clock.pass(CHOSEN_MS - 1);
  choose({ since: 5, until: 7, operation: "join", outcome: "failed", channel: "#tea", text: " NO_ " });
  clock.pass(CHOSEN_MS);
  assert.deepEqual(asked.map(({ frame }) => frame), [
    { type: "events", operation: "join", outcome: "failed", channel: "#tea", text: "NO_", since: 5, until: 7, limit: PAST_RECORDS },
  ]);
});

test("another filter asks again for the same time, the same one does not", () => {
  const { clock, asked, choose } = rangeWithWorker();
  choose({ since: 5 });
  clock.pass(CHOSEN_MS);
  choose({ since: 5, text: " " });
  clock.pass(CHOSEN_MS);
  assert.equal(asked.length, 1);
  choose({ since: 5, outcome: "failed" });
  clock.pass(CHOSEN_MS);
  assert.deepEqual(asked.map(({ frame }) => frame.outcome), [undefined, "failed"]);
});

test("an older answer that comes late does not replace a newer one", async () => {
  const { clock, asked, found, failed, choose } = rangeWithWorker();
  for (const since of [1, 2, 3]) {
    choose({ since });
    clock.pass(CHOSEN_MS);
  }
  asked[2].resolve("newest");
  asked[0].resolve("oldest");
  asked[1].reject(new Error("older"));
  await settle();
  assert.deepEqual([found, failed], [["newest"], []]);
});

test("without a range nothing is asked, and what was found for the last one goes", async () => {
  const { clock, asked, found, choose } = rangeWithWorker();
  choose({ outcome: "failed" });
  clock.pass(CHOSEN_MS);
  assert.deepEqual([asked.length, found.length], [0, 0]);
  choose({ since: 5 });
  clock.pass(CHOSEN_MS);
  choose({});
  asked[0].resolve("late");
  await settle();
  assert.deepEqual(found, [{ epoch: "", records: [], more: false, names: {} }]);
});

test("a range that could not be asked for is told, and can be asked for again", async () => {
  const { clock, asked, failed, choose } = rangeWithWorker();
  choose({ since: 5 });
  clock.pass(CHOSEN_MS);
  asked[0].reject("RATE_LIMITED");
  await settle();
  assert.deepEqual(failed, ["RATE_LIMITED"]);
  choose({ since: 5 });
  clock.pass(CHOSEN_MS);
  assert.equal(asked.length, 2);
});

test("a range that could not be asked for and is chosen no more is no failure any more", async () => {
  const { clock, asked, found, choose } = rangeWithWorker();
  choose({ since: 5 });
  clock.pass(CHOSEN_MS);
  asked[0].reject("RATE_LIMITED");
  await settle();
  choose({});
  assert.deepEqual(found, [{ epoch: "", records: [], more: false, names: {} }]);
});

test("a range that could not be asked for is not called empty, until another one is found", () => {
  const tail = new Tail();
  tail.add({ epoch: "e", records: [record(5)] });
  tail.found({ epoch: "e", records: [record(1)], more: true });
  tail.missed("The server is away. Wait a little.");
  assert.deepEqual(serials(tail), [5], "what was found for the last range is no answer to this one");
  const said = "This time could not be asked for, so older events may be missing: The server is away. Wait a little.";
  assert.equal(chosenWords(tail.shown()), `${said} 1 of 1 events`);
  tail.filter = { ...tail.filter, until: record(2).wall_ms };
  assert.equal(chosenWords(tail.shown()), said);
  tail.found({ epoch: "e", records: [] });
  assert.equal(chosenWords(tail.shown()), "No event is chosen.");
});

test("that a range holds more than one answer is known until another one is found", () => {
  const tail = new Tail();
  tail.found({ epoch: "e", records: [record(1)], more: true });
  assert.equal(tail.shown().more, true);
  tail.found({ epoch: "", records: [] });
  assert.equal(tail.shown().more, false);
});
