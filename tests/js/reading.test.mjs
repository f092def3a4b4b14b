import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Channels } from "../../static/webchat/js/channels.js";
import { countWords, MARK_EVERY_MS, Reading } from "../../static/webchat/js/reading.js";
import { FakeClock, LIMITS, settle } from "./fakes.mjs";

const NAME = "#a";
const row = (order, more = {}) => ({ channel: NAME, order, own: false, text: "t", ...more });
const word = (upto, unread = 0, mentions = 0) => ({ channel: NAME, upto, unread, mentions });

let clock;
let channels;
let reading;
let asked;
let isOpen;
let blocked;

const shown = () => {
  const { unread, mentions, line } = channels.get(NAME);
  return [unread, mentions, line];
};
const marks = () => asked.map((frame) => frame.upto).join();

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  isOpen = true;
  blocked = new Set();
  channels = new Channels(clock, { get: () => null, set() {} }, { channelChanged() {} });
  channels.welcomed({ name: NAME, joined: true });
  reading = new Reading({
    channels,
    clock,
    me: () => "ab",
    isBlocked: (id) => blocked.has(id),
    request: async (frame) => {
      if (!isOpen) throw { code: "CONNECTION_LOST" };
      asked.push(frame);
      return { type: "ok" };
    },
  });
});

test("never read: nothing counts as unread", () => {
  reading.told(word(""));
  reading.arrived(row("30"), false);
  assert.deepEqual(shown(), [0, 0, ""]);
});

test("the node's word counts, and what comes after it; own messages and late old ones don't", () => {
  reading.told(word("20", 2, 1));
  reading.arrived(row("40"), false);
  reading.arrived(row("41", { text: "hello <@ab>" }), false);
  reading.arrived(row("42", { own: true }), false);
  reading.arrived(row("10"), false);
  reading.arrived(row("43"), true);
  assert.deepEqual(shown(), [4, 2, "20"]);
});

test("nothing of a blocked person, and nothing deleted, is unread", () => {
  reading.told(word("10"));
  blocked.add("eve");
  reading.arrived(row("20", { author: "eve", text: "<@ab>" }), false);
  reading.arrived(row("21", { deleted: true, text: "" }), false);
  reading.arrived(row("22", { author: "bob" }), false);
  assert.deepEqual(shown(), [1, 0, "10"]);
  const rows = [row("20", { author: "eve" }), row("21", { deleted: true }), row("22", { author: "bob" }), row("23", { author: "eve" })];
  reading.seen(NAME, "20", rows);
  assert.equal(shown()[0], 1);
  reading.seen(NAME, "22", rows);
  assert.equal(shown()[0], 0);
});

test("what is seen is read at once, and the node hears of the newest mark at most once a second", async () => {
  reading.told(word("10", 3));
  const rows = ["20", "30", "40"].map((order) => row(order));
  reading.seen(NAME, "20", rows);
  assert.deepEqual(shown().slice(0, 2), [2, 0]);
  await settle();
  reading.seen(NAME, "30", rows);
  reading.seen(NAME, "40", rows);
  reading.seen(NAME, "20", rows);
  await settle();
  assert.equal(marks(), "20");
  assert.equal(shown()[0], 0);
  clock.pass(MARK_EVERY_MS);
  await settle();
  assert.equal(marks(), "20,40");
  clock.pass(10 * MARK_EVERY_MS);
  await settle();
  assert.equal(marks(), "20,40");
});

test("a word about an older mark than this page's own changes nothing", async () => {
  reading.told(word("10", 3));
  reading.seen(NAME, "40", [row("40")]);
  reading.told(word("20", 2));
  assert.equal(shown()[0], 0);
  reading.told(word("40", 0));
  reading.told(word("50", 1, 1));
  assert.deepEqual(shown().slice(0, 2), [1, 1]);
});

test("another page has read further: the counts here follow", () => {
  reading.told(word("10", 3, 1));
  reading.told(word("30", 0, 0));
  assert.deepEqual(shown().slice(0, 2), [0, 0]);
});

test("what could not be told is told with the next connection, once", async () => {
  reading.told(word("10", 3));
  isOpen = false;
  reading.seen(NAME, "40", [row("40")]);
  await settle();
  assert.equal(clock.waiting, 0, "nothing is tried while there is no connection");
  isOpen = true;
  reading.told(word("10", 3));
  assert.equal(shown()[0], 0, "the snapshot knows less than this page");
  reading.linked();
  await settle();
  assert.equal(marks(), "40");
});

test("the line stays while reading, moves with news after all was read, goes with an answer or the channel", () => {
  reading.told(word("10", 1));
  assert.equal(shown()[2], "10");
  reading.seen(NAME, "20", [row("20")]);
  assert.equal(shown()[2], "10");
  reading.arrived(row("30"), false);
  reading.arrived(row("31"), false);
  assert.equal(shown()[2], "20");
  reading.putAway(NAME);
  assert.equal(shown()[2], "20", "there are unread ones");
  reading.seen(NAME, "31", []);
  reading.putAway(NAME);
  assert.equal(shown()[2], "");
  reading.arrived(row("40"), false);
  reading.answered(NAME);
  assert.equal(shown()[2], "");
});

test("counts stop where the node's do, and say so", () => {
  reading.told(word("10", LIMITS.unread - 1));
  for (const order of ["20", "21", "22"]) reading.arrived(row(order), false);
  assert.equal(countWords(shown()[0]), "99+");
  assert.equal(countWords(99), "99");
});
