/** A page that stands open for weeks keeps its session as long as somebody uses it. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { loadAgain, Staying } from "../../static/webchat/js/staying.js";
import { FakeClock } from "./fakes.mjs";

const HOUR_MS = 3600 * 1000;

let clock;
let page;
let staying;

beforeEach(() => {
  clock = new FakeClock();
  page = { loads: [], isOpen: true, fails: false };
  const began_ms = clock.now();
  const load = async () => {
    page.loads.push((clock.now() - began_ms) / HOUR_MS);
    if (page.fails) throw new TypeError("no network");
  };
  staying = new Staying({ clock, load, isOpen: () => page.isOpen });
});

afterEach(() => mock.restoreAll());

async function hours(n, isUsed) {
  for (let i = 0; i < n; i += 1) {
    if (isUsed) staying.used();
    clock.pass(HOUR_MS);
    await new Promise(setImmediate); // the answer, and what follows from it
  }
}

test("a page that is used asks for itself once a day", async () => {
  await hours(73, true);
  assert.deepEqual(page.loads, [24, 48, 72]);
  assert.equal(clock.waiting, 1);
});

test("one that nobody uses does not, and a touch is good for one day", async () => {
  await hours(50, false);
  assert.deepEqual(page.loads, []);
  staying.used();
  await hours(50, false);
  assert.deepEqual(page.loads, [51]);
});

test("without a connection it waits for one, and what fails is tried again in an hour", async () => {
  page.isOpen = false;
  await hours(30, true);
  assert.deepEqual(page.loads, []);
  [page.isOpen, page.fails] = [true, true];
  await hours(2, false);
  assert.deepEqual(page.loads, [31, 32]);
  page.fails = false;
  await hours(3, false);
  assert.deepEqual(page.loads, [31, 32, 33]);
});

test("the page is read to its end, and another page in its place, or none, is a failure", async () => {
  const text = mock.fn(async () => "<!doctype html>");
  const answers = [{ ok: true, redirected: false, text }, { ok: false, status: 503 }, { ok: true, redirected: true, status: 200 }];
  mock.method(globalThis, "fetch", async () => answers.shift());
  await loadAgain("/");
  assert.equal(text.mock.callCount(), 1);
  for (const status of [503, 200]) await assert.rejects(loadAgain("/"), { message: `/: ${status}` });
});
