/** The channel's own panel: where the focus goes when the browser has been asked about notifications. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";

const NOTIFY = ["state", "allow", "test", "told", "mentions", "all", "none"].map((name) => `notify-${name}`);

let notifying;

const byId = (id) => document.getElementById(id);

globalThis.document = documentDouble(); // the words are chosen by its language
const { AboutView } = await import("../../static/webchat/js/view/about.js");

beforeEach(() => {
  globalThis.document = documentDouble(...NOTIFY, "export-html", "export-json", "panel-close");
  notifying = { permission: "default", level: () => "all" };
  new AboutView(notifying).open("#a");
});

function answered(permission) {
  notifying.permission = permission;
  notifying.onChange();
}

test("who allowed notifications is at the button that shows one", () => {
  byId("notify-allow").focus();
  answered("granted");
  assert.deepEqual([byId("notify-allow").hidden, byId("notify-test").hidden], [true, false]);
  assert.equal(document.activeElement, byId("notify-test"));
});

test("who denied them is at what is told in this channel", () => {
  byId("notify-allow").focus();
  answered("denied");
  assert.deepEqual([byId("notify-allow").hidden, byId("notify-test").hidden], [true, true]);
  assert.equal(document.activeElement, byId("notify-all"));
});

test("who did not answer, or is elsewhere, stays there", () => {
  byId("notify-allow").focus();
  answered("default");
  assert.equal(document.activeElement, byId("notify-allow"));
  byId("panel-close").focus();
  answered("granted");
  assert.equal(document.activeElement, byId("panel-close"));
});
