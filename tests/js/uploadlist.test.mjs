/** Files that are pasted: those of a file manager are shared, a picture of formatted text is none. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { UploadList } from "../../static/webchat/js/view/uploadlist.js";
import { documentDouble } from "./domdouble.mjs";

const FILE = { name: "holiday.png", size: 10 };
let shared;

beforeEach(() => {
  globalThis.document = documentDouble("uploads", "attach-file", "attach", "conversation", "composer-text");
  shared = [];
  new UploadList({ uploads: () => [], share: (files) => shared.push(...files), retry() {}, cancel() {} });
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
