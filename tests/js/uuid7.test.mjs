import assert from "node:assert/strict";
import { test } from "node:test";

import { uuid7Source } from "../../static/webchat/js/uuid7.js";

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const filledWith = (value) => (bytes) => bytes.fill(value);

test("it has the form of version 7 whatever the random bytes are", () => {
  for (const value of [0, 0x55, 0xff]) {
    const next = uuid7Source(() => 0x0123456789ab, filledWith(value));
    for (let made = 0; made < 300; made += 1) assert.match(next(), FORM);
  }
});

test("the time comes first", () => {
  const next = uuid7Source(() => 0x0123456789ab, filledWith(0));
  assert.ok(next().startsWith("01234567-89ab-7"));
});

test("ids of one millisecond sort in the order of making, across every carry", () => {
  for (const value of [0, 0xfe, 0xff]) {
    const next = uuid7Source(() => 5, filledWith(value));
    const made = Array.from({ length: 70_000 }, next);
    assert.deepEqual([...made].sort(), made);
    assert.equal(new Set(made).size, made.length);
  }
});

test("a wall clock that is set back does not put an id before an older one", () => {
  let now = 1000;
  const next = uuid7Source(() => now, filledWith(7));
  const first = next();
  now = 10;
  const second = next();
  now = 1001;
  const third = next();
  assert.ok(first < second && second < third);
});
