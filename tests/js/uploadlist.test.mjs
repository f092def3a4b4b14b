/** Files that are pasted: those of a file manager are shared, a picture of formatted text is none; those on their way. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { UploadList } from "../../static/webchat/js/view/uploadlist.js";
import { documentDouble } from "./domdouble.mjs";

const FILE = { name: "holiday.png", size: 10 };
let shared;
let uploads;
let list;

beforeEach(() => {
  globalThis.document = Object.assign(documentDouble("uploads", "attach-file", "attach", "conversation", "composer-text"), {
    addEventListener() {},
  });
  shared = [];
  uploads = [];
  list = new UploadList({ uploads: () => uploads, mayShare: () => true, share: (files) => shared.push(...files), retry() {}, cancel() {} });
});

afterEach(() => {
  delete globalThis.document;
});

/** Whether the page takes what was pasted, so that the browser pastes no text. */
function paste(types, ...files) {
  let taken = false;
  const event = { clipboardData: { types, files }, preventDefault: () => (taken = true) };
  document.getElementById("composer-text").fire("paste", event);
  return taken;
}

test("a file copied in a file manager is shared, with its path beside it or not", () => {
  for (const types of [["Files"], ["text/plain", "Files"], ["text/plain", "text/uri-list", "Files"]]) {
    shared = [];
    assert.equal(paste(types, FILE), true, types.join());
    assert.deepEqual(shared, [FILE]);
  }
});

test("a picture copied on a page is shared", () => {
  assert.equal(paste(["text/html", "Files"], FILE), true);
  assert.deepEqual(shared, [FILE]);
});

test("formatted text stays text, whatever picture of it lies beside", () => {
  for (const format of ["text/html", "text/rtf"]) assert.equal(paste(["text/plain", format, "Files"], FILE), false);
  assert.deepEqual(shared, []);
});

test("text alone is for the browser", () => {
  assert.equal(paste(["text/plain"]), false);
  assert.deepEqual(shared, []);
});

test("one that has got through leaves the focus at the button that shares the next", () => {
  uploads = [{ id: "u1", name: "holiday.png", size: 10, sent: 0, state: "sending", error: null }];
  list.redraw();
  const [, cancel] = document.getElementById("uploads").all("button");
  cancel.focus();
  list.redraw();
  assert.equal(document.activeElement, cancel);
  uploads = [];
  list.redraw();
  assert.equal(document.activeElement, document.getElementById("attach"));
});
