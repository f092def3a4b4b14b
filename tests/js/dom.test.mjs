/** What is drawn once per frame is drawn, whatever becomes of the frame. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { oncePerFrame } from "../../static/webchat/js/view/dom.js";
import { documentDouble } from "./domdouble.mjs";

let frames;
let drawn;
let redraw;

function setHidden(isHidden) {
  document.hidden = isHidden;
  document.fire("visibilitychange", {});
}

/** A browser paints: never for a page that is hidden. */
function paint() {
  if (!document.hidden) for (const run of frames.splice(0)) run();
}

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.document = documentDouble();
  [frames, drawn] = [[], 0];
  globalThis.requestAnimationFrame = (run) => frames.push(run);
  redraw = oncePerFrame(() => (drawn += 1));
});

afterEach(() => {
  mock.timers.reset();
  delete globalThis.document;
  delete globalThis.requestAnimationFrame;
});

test("however often it is asked for, it is drawn once with the next frame", () => {
  for (let n = 0; n < 3; n += 1) redraw();
  assert.deepEqual([frames.length, drawn], [1, 0]);
  paint();
  assert.equal(drawn, 1);
  redraw();
  paint();
  assert.equal(drawn, 2);
});

test("a hidden page is drawn without frames", () => {
  setHidden(true);
  redraw();
  redraw();
  mock.timers.tick(50);
  assert.equal(drawn, 1);
});

test("what was asked for just before the page is hidden is drawn, and so is all that comes after it", () => {
  redraw();
  setHidden(true);
  assert.equal(drawn, 1);
  redraw(); // a message has come: the title is to say so
  mock.timers.tick(50);
  assert.equal(drawn, 2);
  setHidden(false);
  paint();
  assert.equal(drawn, 2, "the late frame finds nothing to draw");
  redraw();
  paint();
  assert.equal(drawn, 3);
});

test("a page that comes into sight or goes without anything to draw draws nothing", () => {
  for (const isHidden of [true, false, true]) setHidden(isHidden);
  assert.equal(drawn, 0);
});
