/** What a screen reader hears of what was written here: no failure is lost behind a success, and several are counted. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Heard } from "../../static/webchat/js/heard.js";
import { Announcer, EVERY_MS } from "../../static/webchat/js/view/announcer.js";
import { documentDouble } from "./domdouble.mjs";
import { FakeClock } from "./fakes.mjs";

const NO_QUORUM = { code: "NO_QUORUM", message: "Too few nodes" };

let clock;
let announcer;
let heard;

const region = () => document.getElementById("announcer").all("p").map((each) => each.textContent);
const own = (id, state, error = null) => ({ id, own: true, state, error });

beforeEach(() => {
  globalThis.document = documentDouble("announcer");
  clock = new FakeClock();
  announcer = new Announcer(clock);
  heard = new Heard(announcer);
});

afterEach(() => {
  delete globalThis.document;
});

test("it speaks a second after the first word, and of each kind the newest text alone", () => {
  announcer.say("a", "one");
  clock.pass(EVERY_MS - 1);
  announcer.say("a", "two");
  announcer.say("b", "three");
  assert.deepEqual(region(), []);
  clock.pass(1);
  assert.deepEqual(region(), ["two", "three"]);
  assert.equal(clock.waiting, 0);
  announcer.say("a", "four");
  assert.deepEqual(region(), ["two", "three"], "what was said stands until there is more to say");
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["four"]);
});

test("what is counted is one text or a number, each thing once, and begins anew when it was said", () => {
  const several = (n) => `${n} things`;
  announcer.count("a", "x", "x broke", several);
  announcer.count("a", "x", "x broke again", several);
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["x broke again"]);
  for (const id of ["x", "y", "x", "z"]) announcer.count("a", id, `${id} broke`, several);
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["3 things"]);
});

test("a failure is heard beside the success of another message, whichever comes later", () => {
  heard.row(own("m1", "failed", NO_QUORUM), "pending");
  heard.row(own("m2", "sent"), "pending");
  heard.row(own("m2", "delivered"), "sent");
  heard.discarded("Message discarded");
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["A message was not sent: Too few nodes.", "Message delivered.", "Message discarded"]);
  heard.row(own("m3", "sent"), "pending");
  heard.row(own("m4", "failed", NO_QUORUM), "pending");
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["Message sent.", "A message was not sent: Too few nodes."]);
});

test("several failures are counted, messages and changes each for themselves", () => {
  for (const id of ["m1", "m2"]) heard.row(own(id, "failed", NO_QUORUM), "pending");
  heard.change(own("c1", "failed", NO_QUORUM), "pending");
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["2 messages were not sent.", "A change was not sent: Too few nodes."]);
  for (const id of ["c1", "c2", "c3"]) heard.change(own(id, "failed", NO_QUORUM), "pending");
  clock.pass(EVERY_MS);
  assert.deepEqual(region(), ["3 changes were not sent."]);
});

test("what has not changed, is another's, is under way, or was here before is no news", () => {
  heard.row(own("m1", "failed", NO_QUORUM), "failed");
  heard.row(own("m1", "sent"), null);
  heard.row(own("m1", "pending"), "failed");
  heard.row({ ...own("m2", "received"), own: false }, "pending");
  heard.change(own("c1", "failed", NO_QUORUM), "failed");
  heard.change(own("c1", "pending"), "failed");
  clock.pass(EVERY_MS);
  assert.deepEqual([region(), clock.waiting], [[], 0]);
});
