/** What stands behind a channel's name in the list changes with each of its parts, whatever the others do. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { documentDouble } from "./domdouble.mjs";
import "./fakes.mjs"; // with the limits of a server

globalThis.document = documentDouble(); // the words are chosen by its language
const { drawNote } = await import("../../static/webchat/js/view/channelnote.js");

const degraded = { state: "degraded", initiators: { k: 4, of: 5 }, error: { code: "INITIATOR_SILENT", message: "", remedy: "" } };
const down = { ...degraded, state: "down" };
const channel = (fields = {}) => ({ join: null, unread: 0, mentions: 0, ...fields });

function drawn() {
  const note = document.createElement("span");
  return (fields, health = null) => {
    drawNote(note, channel(fields), health);
    return note.textContent.trim();
  };
}

test("how the channel is comes and goes while nothing else changes", () => {
  const draw = drawn();
  assert.deepEqual([draw({}), draw({}, degraded), draw({}, down), draw({}), draw({}, degraded)], ["", "Degraded", "Down", "", "Degraded"]);
});

test("beside it stands how much is unread", () => {
  const draw = drawn();
  assert.match(draw({ unread: 3 }, degraded), /^Degraded3 /);
  assert.match(draw({ unread: 3 }), /^3 /);
});

test("how a join goes comes first", () => {
  const draw = drawn();
  assert.doesNotMatch(draw({ join: { state: "joining" } }, degraded), /Degraded/);
  assert.doesNotMatch(draw({ join: { state: "refused" } }, degraded), /Degraded/);
  assert.match(draw({ join: { state: "joined" } }, degraded), /^Degraded$/);
});
