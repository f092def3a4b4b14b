/** The health page says aloud what changed, once, and nothing that goes to and fro; lists keep the focus. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcing, STEADY_MS } from "../../static/webchat/js/health/announcing.js";
import { brief, hostPicture } from "./healthdouble.mjs";

const ERROR = { code: "CHANNEL_UNSEEN", message: "It can't be looked at", remedy: "Run the doctor." };

/** `state`: of the verdict; `unseen` when the last one says nothing any more, null before the first. */
function line(channel, state) {
  if (state === "unseen") return { ...brief(channel), error: ERROR };
  return state ? brief(channel, state) : { channel, verdict: null };
}

class Listener {
  ms = 0;
  #announcing = new Announcing(() => this.ms);
  hear(states, host = "healthy", after_ms = 1000) {
    this.ms += after_ms;
    const channels = Object.entries(states).map(([channel, state]) => line(channel, state));
    const verdict = { state: host, cause: host === "healthy" ? "" : "channels", channels: channels.length, troubled: host === "healthy" ? 0 : 1 };
    return this.#announcing.heard({ host: hostPicture({ verdict }), channels });
  }
  steady(states, host) {
    return [...Array(6)].map(() => this.hear(states, host)).filter((text) => text);
  }
}

test("what is there at the beginning is not said", () => {
  const listener = new Listener();
  assert.deepEqual(listener.steady({ "#lobby": null }, "unknown"), []);
  assert.deepEqual(listener.steady({ "#lobby": "down" }, "degraded"), []);
});

test("a change is said once, the server before its channels", () => {
  const listener = new Listener();
  listener.steady({ "#lobby": "healthy", "#tea": "healthy" });
  const said = listener.steady({ "#lobby": "degraded", "#tea": "healthy" }, "degraded");
  assert.deepEqual(said, ["Degraded: 1 of 2 channels is not well. #lobby: Degraded."]);
  assert.deepEqual(listener.steady({ "#lobby": "degraded", "#tea": "healthy" }, "degraded"), []);
  assert.deepEqual(listener.steady({ "#lobby": "healthy", "#tea": "healthy" }), ["Healthy: All 2 channels are well. #lobby: Healthy."]);
});

test("what goes to and fro is not said", () => {
  const listener = new Listener();
  listener.steady({ "#lobby": "healthy" });
  for (let at = 0; at < 10; at += 1) {
    assert.equal(listener.hear({ "#lobby": "degraded" }, "healthy", STEADY_MS - 1), "");
    assert.equal(listener.hear({ "#lobby": "healthy" }, "healthy", STEADY_MS - 1), "");
  }
});

test("a channel that is looked at again for the first time in a while is no news", () => {
  const listener = new Listener();
  listener.steady({ "#lobby": "healthy" });
  assert.deepEqual(listener.steady({ "#lobby": null }), []);
  assert.deepEqual(listener.steady({ "#lobby": "healthy" }), []);
});

test("a channel that can't be looked at any more is said once, and when it is seen again", () => {
  const listener = new Listener();
  listener.steady({ "#lobby": "healthy" });
  assert.deepEqual(listener.steady({ "#lobby": "unseen" }), ["#lobby: Can't be seen."]);
  assert.deepEqual(listener.steady({ "#lobby": "unseen" }), []);
  assert.deepEqual(listener.steady({ "#lobby": "healthy" }), ["#lobby: Healthy."]);
});

test("of many channels some are named and the others counted", () => {
  const listener = new Listener();
  const names = ["#a", "#b", "#c", "#d", "#e"];
  const all = (state) => Object.fromEntries(names.map((name) => [name, state]));
  listener.steady(all("healthy"));
  assert.deepEqual(listener.steady(all("down")), ["#a: Down. #b: Down. #c: Down. 2 more channels changed."]);
});
