/** Channels that wait to be joined: shared by the tabs, bounded, and never what keeps a page from starting. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Channels } from "../../static/webchat/js/channels.js";
import { WANTED_MAX, WantedChannels } from "../../static/webchat/js/wanted.js";
import { FakeClock } from "./fakes.mjs";

let kept;
let memory;
const tab = () => new WantedChannels(memory);

beforeEach(() => {
  kept = new Map();
  memory = { get: (key) => kept.get(key) ?? null, set: (key, value) => kept.set(key, value) };
});

test("what one tab wants is not overwritten by another", () => {
  const [one, two] = [tab(), tab()];
  one.add("#a");
  two.add("#b");
  one.add("#c");
  assert.deepEqual([...tab()], ["#a", "#b", "#c"]);
  two.delete("#b");
  assert.deepEqual([...one], ["#a", "#c"]);
  one.delete("#a");
  one.delete("#c");
  assert.deepEqual([...two], []);
  assert.equal(kept.get("wanted"), "");
});

test("a value that can't be read is said once and is no list, and the next one is kept", (context) => {
  const said = context.mock.method(console, "info", () => {});
  for (const bad of ["{", "null", "7", '{"a": 1}', '["#a", 1]']) {
    kept.set("wanted", bad);
    kept.set("channels", bad);
    said.mock.resetCalls();
    const wanted = tab();
    assert.deepEqual([...wanted, ...wanted], [], bad);
    new Channels(new FakeClock(), memory, {}).recall();
    assert.equal(said.mock.callCount(), 2, bad);
    wanted.add("#b");
    assert.deepEqual([...tab()], ["#b"]);
  }
});

test("a browser that keeps nothing has the list as long as the page", () => {
  memory = { get: () => null, set() {} };
  const wanted = tab();
  wanted.add("#a");
  assert.deepEqual([...wanted], ["#a"]);
  wanted.delete("#a");
  assert.deepEqual([...wanted], []);
});

test("beyond the bound the oldest is forgotten, and that is said", (context) => {
  const said = context.mock.method(console, "info", () => {});
  const wanted = tab();
  for (let n = 0; n <= WANTED_MAX; n += 1) wanted.add(`#${n}`);
  assert.equal([...wanted].length, WANTED_MAX);
  assert.equal([...wanted][0], "#1");
  assert.deepEqual(said.mock.calls.map((call) => call.arguments.at(-1)), ["#0"]);
});
