/** A page that stands open for weeks keeps its session as long as somebody looks at it from time to time. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Staying } from "../../static/webchat/js/staying.js";
import { FakeClock } from "./fakes.mjs";

const HOUR_MS = 3600 * 1000;

let clock;
let page;
let staying;

beforeEach(() => {
  clock = new FakeClock();
  page = { loads: [], isLookedAt: true, isOpen: true, fails: false };
  const began_ms = clock.now();
  staying = new Staying({
    clock,
    load: async () => {
      page.loads.push((clock.now() - began_ms) / HOUR_MS);
      if (page.fails) throw new TypeError("no network");
    },
    isLookedAt: () => page.isLookedAt,
    isOpen: () => page.isOpen,
  });
});

async function hours(n) {
  for (let i = 0; i < n; i += 1) {
    clock.pass(HOUR_MS);
    await new Promise(setImmediate); // the answer, and what follows from it
  }
}

test("a page that is looked at asks for itself once a day", async () => {
  await hours(73);
  assert.deepEqual(page.loads, [24, 48, 72]);
  assert.equal(clock.waiting, 1);
});

test("one that nobody looks at does not, and a look in between is enough", async () => {
  page.isLookedAt = false;
  await hours(50);
  assert.deepEqual(page.loads, []);
  staying.seen();
  await hours(50);
  assert.deepEqual(page.loads, [51], "one look is good for one day");
});

test("without a connection it waits for one, and what fails is tried again in an hour", async () => {
  page.isOpen = false;
  await hours(30);
  assert.deepEqual(page.loads, []);
  [page.isOpen, page.fails] = [true, true];
  await hours(2);
  assert.deepEqual(page.loads, [31, 32]);
  page.fails = false;
  await hours(3);
  assert.deepEqual(page.loads, [31, 32, 33]);
});
