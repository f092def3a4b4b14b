/** The switch of the diagnostic mode turns when the nodes were told, and says where one sees it why it does not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { LIVE_MS } from "../../static/webchat/js/health/model.js";
import { documentDouble } from "./domdouble.mjs";

globalThis.document = documentDouble("diagnostic", "diagnostic-note");
const { SwitchView } = await import("../../static/webchat/js/health/view/switch.js");

const [button, note] = ["diagnostic", "diagnostic-note"].map((id) => document.getElementById(id));

test("a switch that does not turn says why beside it, until it is pressed again", async () => {
  const [asked, told] = [[], []];
  const request = (frame) => new Promise((resolve, reject) => asked.push({ frame, resolve, reject }));
  const view = new SwitchView({ request, tell: (words) => told.push(words), now: () => 0 });
  const failing = view.press();
  assert.deepEqual(asked[0].frame, { type: "diagnostic", on: true });
  asked[0].reject({ message: "The connection is lost", remedy: "Wait a little." });
  await failing;
  const said = "It could not be switched: The connection is lost. Wait a little.";
  assert.deepEqual([note.textContent, note.getAttribute("hidden"), told.at(-1)], [said, null, said]);
  assert.notEqual(button.getAttribute("aria-checked"), "true");

  const turning = view.press();
  assert.equal(note.getAttribute("hidden"), "", "it is being tried again");
  asked[1].resolve({ result: { diagnostic: true } });
  await turning;
  assert.deepEqual([button.getAttribute("aria-checked"), note.textContent, told.at(-1)], ["true", "", "Diagnostic mode is on."]);
});

test("a snapshot from before it was switched does not turn it back, a later one does", async () => {
  let [now_ms, answer] = [0, null];
  const request = () => new Promise((resolve) => (answer = resolve));
  const view = new SwitchView({ request, tell: () => {}, now: () => now_ms });
  const drawn = (diagnostic) => {
    view.draw(diagnostic);
    return button.getAttribute("aria-checked");
  };
  assert.deepEqual([drawn(false), button.getAttribute("disabled")], ["false", null]);
  const turning = view.press();
  assert.equal(drawn(false), "false");
  answer({ result: { diagnostic: true } });
  await turning;
  assert.equal(drawn(false), "true", "that one was on its way");
  now_ms = LIVE_MS;
  assert.equal(drawn(false), "false", "somebody else has switched it");
});
