/** Shared files: uploads one after the other, and what is shown of them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fileAddress, isLargePicture, mayBeShown, SHOWN_MAX_BYTES, sizeWords } from "../../static/webchat/js/files.js";
import { TRIES_MAX, Uploads, UPLOADS_MAX } from "../../static/webchat/js/uploads.js";
import { FakeClock, LIMITS, recorder, settle } from "./fakes.mjs";

const CHANNEL = "#a";
const file = (name, size = 10) => ({ name, size });

function made() {
  const posts = [];
  const post = (upload, onSent) => {
    const one = { upload, onSent, aborted: false };
    one.done = new Promise((resolve, reject) => Object.assign(one, { resolve, reject }));
    posts.push(one);
    return { done: one.done, abort: () => ((one.aborted = true), one.reject({ code: "UPLOAD_LOST", message: "gone" })) };
  };
  const listener = recorder("changed", "shared", "refused");
  const clock = new FakeClock();
  const uploads = new Uploads(post, clock, listener);
  const states = () => uploads.of(CHANNEL).map(({ name, state, sent }) => [name, state, sent]);
  const heard = (name) => listener.calls.filter(([each]) => each === name).map(([, given]) => given);
  return { posts, uploads, clock, states, heard };
}

test("files go one after the other, with their progress, and leave when they are messages", async () => {
  const { posts, uploads, states, heard } = made();
  uploads.add(CHANNEL, [file("one"), file("two")]);
  assert.deepEqual(states(), [["one", "sending", 0], ["two", "waiting", 0]]);
  assert.equal(posts.length, 1);
  posts[0].onSent(7);
  posts[0].onSent(999);
  assert.deepEqual(states()[0], ["one", "sending", 10]);
  posts[0].resolve({ id: posts[0].upload.id });
  await settle();
  assert.deepEqual(states(), [["two", "sending", 0]]);
  assert.deepEqual(heard("shared"), [{ id: posts[0].upload.id }]);
});

test("one that failed holds up nobody, and is tried again under its id", async () => {
  const { posts, uploads, states } = made();
  uploads.add(CHANNEL, [file("one"), file("two")]);
  posts[0].reject({ message: "no" });
  await settle();
  assert.deepEqual(states(), [["one", "failed", 0], ["two", "sending", 0]]);
  const [{ id }] = uploads.of(CHANNEL);
  uploads.retry(id);
  uploads.retry("nonsense");
  posts[1].resolve({});
  await settle();
  assert.equal(posts[2].upload.id, id);
  assert.deepEqual(states(), [["one", "sending", 0]]);
});

test("files over the pace wait in their order, and go on when the server takes more", async () => {
  const { posts, uploads, clock, states } = made();
  uploads.add(CHANNEL, [file("one"), file("two")]);
  posts[0].onSent(5);
  posts[0].reject({ code: "RATE_LIMITED", message: "slow", remedy: "wait", retry_after: 3 });
  await settle();
  assert.deepEqual(states(), [["one", "waiting", 0], ["two", "waiting", 0]]);
  assert.deepEqual(uploads.of(CHANNEL).map(({ error }) => error?.code), ["RATE_LIMITED", undefined]);
  uploads.add(CHANNEL, [file("three")]);
  clock.pass(2999);
  assert.equal(posts.length, 1);
  clock.pass(1);
  assert.equal(posts[1].upload, posts[0].upload);
  assert.deepEqual(states(), [["one", "sending", 0], ["two", "waiting", 0], ["three", "waiting", 0]]);
  assert.equal(uploads.of(CHANNEL)[0].error, null);
  posts[1].reject({ code: "RATE_LIMITED" });
  await settle();
  uploads.cancel(uploads.of(CHANNEL)[0].id);
  clock.pass(1000);
  assert.deepEqual(states(), [["two", "sending", 0], ["three", "waiting", 0]]);
});

test("without a connection files wait for one, with words, and go on by themselves under their ids", async () => {
  const { posts, uploads, clock, states } = made();
  const codes = () => uploads.of(CHANNEL).map(({ error }) => error?.code ?? "");
  uploads.add(CHANNEL, [file("one")]);
  posts[0].onSent(7);
  uploads.setLinked(false);
  posts[0].reject({ code: "UPLOAD_LOST" });
  await settle();
  uploads.add(CHANNEL, [file("two")]);
  clock.pass(600_000);
  assert.deepEqual(states(), [["one", "waiting", 0], ["two", "waiting", 0]]);
  assert.deepEqual([codes(), posts.length, uploads.isAny], [["UPLOAD_LOST", "UPLOAD_LOST"], 1, true]);
  uploads.setLinked(true);
  assert.deepEqual([states()[0], codes(), posts[1].upload.id], [["one", "sending", 0], ["", ""], posts[0].upload.id]);
  posts[1].resolve({});
  await settle();
  posts[2].resolve({});
  await settle();
  assert.equal(uploads.isAny, false);
});

test("a file that does not get through although there is a connection is tried a few times, then somebody is asked", async () => {
  const { posts, uploads, clock, states } = made();
  uploads.add(CHANNEL, [file("one")]);
  const waits = [];
  for (let n = 1; n < TRIES_MAX; n += 1) {
    posts.at(-1).reject({ code: n % 2 ? "UPLOAD_LOST" : "WORKER_UNAVAILABLE" });
    await settle();
    assert.deepEqual(states(), [["one", "waiting", 0]]);
    const tried = posts.length;
    for (waits.push(0); posts.length === tried; waits[waits.length - 1] += 1) clock.pass(1000);
  }
  assert.deepEqual(waits, [1, 2, 4, 8]);
  posts.at(-1).reject({ code: "UPLOAD_LOST" });
  await settle();
  assert.deepEqual([states(), clock.waiting], [[["one", "failed", 0]], 0]);
  uploads.retry(uploads.of(CHANNEL)[0].id);
  assert.deepEqual(states(), [["one", "sending", 0]]);
});

test("what is cancelled goes away at once and the next one goes on", async () => {
  const { posts, uploads, states } = made();
  uploads.add(CHANNEL, [file("one"), file("two"), file("three")]);
  const [one, two] = uploads.of(CHANNEL);
  uploads.cancel(two.id);
  uploads.cancel(one.id);
  assert.equal(posts[0].aborted, true);
  await settle();
  assert.deepEqual(states(), [["three", "sending", 0]]);
  assert.deepEqual(uploads.of("#b"), []);
});

test("empty, too large and too many files are refused with words", () => {
  const { uploads, heard, states } = made();
  uploads.add(CHANNEL, [file("empty", 0), file("large", LIMITS.file_bytes + 1)]);
  uploads.add(CHANNEL, Array.from({ length: UPLOADS_MAX + 1 }, (_, at) => file(`${at}`)));
  assert.deepEqual(heard("refused").map(({ code }) => code), ["FILE_EMPTY", "FILE_TOO_LARGE", "UPLOADS_FULL"]);
  assert.equal(heard("refused")[1].remedy, `A file has at most ${sizeWords(LIMITS.file_bytes)}.`, "as its size is shown");
  assert.equal(states().length, UPLOADS_MAX);
});

test("a name and a size decide whether it is worth trying to show a file", () => {
  for (const name of ["a.png", "b.JPG", "c.jpeg", "d.webp", "e.gif"]) assert.ok(mayBeShown({ name, size: 1 }), name);
  for (const name of ["a.svg", "b.html", "png", "c.png.exe"]) assert.ok(!mayBeShown({ name, size: 1 }), name);
  const large = { name: "a.png", size: SHOWN_MAX_BYTES + 1 };
  assert.deepEqual([mayBeShown(large), isLargePicture(large), isLargePicture({ ...large, name: "a.zip" })], [false, true, false]);
});

test("sizes and addresses", () => {
  assert.deepEqual([1, 999, 1000, 999_499, 1_000_000, 26_214_400].map(sizeWords), ["1 B", "999 B", "1 kB", "999 kB", "1.0 MB", "26.2 MB"]);
  assert.equal(fileAddress("#a b/ü", "id"), "/files/a%20b%2F%C3%BC/id/");
});
