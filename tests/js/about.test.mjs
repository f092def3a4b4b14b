/** The channel's own panel: how the channel is, and where the focus goes when the browser has been asked about notifications. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";

const NOTIFY = ["state", "allow", "test", "told", "mentions", "all", "none"].map((name) => `notify-${name}`);

let notifying;
let health;
let about;

const byId = (id) => document.getElementById(id);

globalThis.document = documentDouble(); // the words are chosen by its language
const { AboutView } = await import("../../static/webchat/js/view/about.js");

beforeEach(() => {
  globalThis.document = documentDouble(...NOTIFY, "about-health", "about-health-why", "export-html", "export-json", "panel-close");
  notifying = { permission: "default", level: () => "all" };
  health = null;
  about = new AboutView(notifying, (channel) => (channel === "#a" ? health : null));
  about.open("#a");
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

test("it says how the channel is, and how that changes while it is open", () => {
  const shown = () => [byId("about-health").textContent, byId("about-health-why").textContent];
  assert.deepEqual(shown(), ["Not known at the moment: there is no connection, or your node has no network.", ""]);
  health = { state: "healthy", initiators: { k: 5, of: 5 }, error: null };
  about.drawHealth();
  assert.deepEqual(shown(), ["Healthy: 5 of 5 nodes that keep this channel answer, as far as your node knows.", ""]);
  health = { state: "degraded", initiators: { k: 4, of: 5 }, error: { code: "INITIATOR_SILENT", message: "One is silent", remedy: "Wait." } };
  about.drawHealth();
  assert.deepEqual(shown(), ["Degraded: 4 of 5 nodes that keep this channel answer, as far as your node knows.", "One is silent. Wait."]);
  about.close();
  health = null;
  about.drawHealth();
  assert.equal(shown()[1], "One is silent. Wait.", "nothing is drawn of a panel that is closed");
});
