/** The doctor's steps on the page: each as soon as it has ended. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { documentDouble } from "./domdouble.mjs";

const IDS = ["form", "address", "channel", "note", "error", "steps"].map((id) => `doctor-${id}`);
globalThis.document = documentDouble(...IDS);
const { DoctorView } = await import("../../static/webchat/js/health/view/doctor.js");

const step = (name, result = "ok") => ({ name, subject: "", result, elapsed_ms: 1, sentence: `${name} is ${result}`, code: "", remedy: "" });
const SOCKET = step("socket");
const CLOCK = step("clock");
const names = (list) => list.children.map(({ children }) => children[1].querySelector("strong").textContent);

function examine() {
  let [end, fail] = [];
  const asked = new Promise((resolve, reject) => ([end, fail] = [resolve, reject]));
  globalThis.document = documentDouble(...IDS);
  const [form, address, channel, note, error, list] = IDS.map((id) => document.getElementById(id));
  const view = new DoctorView({ ask: () => asked });
  [address.value, channel.value] = ["", ""];
  form.fire("submit", { preventDefault() {} });
  return { view, end, fail, note, error, list };
}

test("steps are drawn as they end and stay as they are, and the verdict comes with the last", async () => {
  const { view, end, note, list } = examine();
  view.heard(null); // a snapshot from before it began
  view.heard([SOCKET]);
  const [first] = list.children;
  view.heard([SOCKET, CLOCK]);
  assert.deepEqual([names(list), note.textContent], [["Own socket", "Clock"], "Examining …"]);
  end([SOCKET, CLOCK, step("disk")]);
  await new Promise(setImmediate);
  assert.equal(names(list).length, 3);
  assert.equal(list.children[0], first, "whoever selects its text or reads it aloud is not disturbed");
  assert.match(note.textContent, /^All is well/);
  view.heard([SOCKET]);
  assert.equal(names(list).length, 3, "it is over");
});

test("an examination that breaks off leaves what was found, and says why", async () => {
  const { view, fail, note, error, list } = examine();
  view.heard([SOCKET]);
  fail({ message: "The connection is lost", remedy: "Wait.", code: "WORKER_UNAVAILABLE" });
  await new Promise(setImmediate);
  assert.deepEqual([names(list), error.textContent, note.textContent], [["Own socket"], "The connection is lost. Wait. (WORKER_UNAVAILABLE)", ""]);
});
