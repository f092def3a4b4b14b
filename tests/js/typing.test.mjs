import assert from "node:assert/strict";
import { test } from "node:test";

import { EVERY_MS, FADES_MS, Typing, WRITERS_MAX } from "../../static/webchat/js/typing.js";
import { FakeClock } from "./fakes.mjs";

const LOBBY = "#lobby";

function made() {
  const clock = new FakeClock();
  const told = [];
  const changed = [];
  const typing = new Typing(clock, { tell: (channel) => told.push(channel), changed: (channel) => changed.push(channel) });
  const hint = (author, at_ms = clock.now()) => typing.heard({ channel: LOBBY, author, at_ms });
  return { clock, typing, told, changed, hint };
}

test("own hints go out at most every two seconds, for each channel by itself", () => {
  const { clock, typing, told } = made();
  for (let n = 0; n < 5; n += 1) typing.typed(LOBBY);
  typing.typed("#other");
  assert.deepEqual(told, [LOBBY, "#other"]);
  clock.pass(EVERY_MS);
  typing.typed(LOBBY);
  assert.deepEqual(told, [LOBBY, "#other", LOBBY]);
});

test("a hint fades, and a new one begins again", () => {
  const { clock, typing, hint, changed } = made();
  hint("ann");
  clock.pass(FADES_MS - 1);
  hint("ann");
  clock.pass(FADES_MS - 1);
  assert.deepEqual(typing.writers(LOBBY), ["ann"]);
  clock.pass(1);
  assert.deepEqual(typing.writers(LOBBY), []);
  assert.deepEqual(changed, [LOBBY, LOBBY, LOBBY]);
});

test("who has written is not writing any more", () => {
  const { typing, hint } = made();
  hint("ann");
  hint("bob");
  typing.wrote(LOBBY, "ann");
  assert.deepEqual(typing.writers(LOBBY), ["bob"]);
});

test("an old hint, as after a reconnect, says nothing", () => {
  const { clock, typing, hint } = made();
  clock.pass(FADES_MS + 1);
  hint("ann", clock.now() - FADES_MS - 1);
  assert.deepEqual(typing.writers(LOBBY), []);
});

test("more writers than a bound are not remembered", () => {
  const { typing, hint } = made();
  for (let n = 0; n <= WRITERS_MAX; n += 1) hint(`writer ${n}`);
  assert.equal(typing.writers(LOBBY).length, WRITERS_MAX);
});
