/** The list of keys (keys.html) names what the page listens to, all of it and nothing else. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { say } from "../../static/webchat/js/strings.js";
import { documentDouble } from "./domdouble.mjs";

const ACTIONS = ["next", "previous", "join", "people", "search", "about", "outbox", "write", "newest"];
const TEMPLATE = readFileSync(new URL("../../templates/webchat/keys.html", import.meta.url), "utf8");

/** Section -> {"Alt J": its words}. */
function listed() {
  const sections = TEMPLATE.split("<section>").slice(1);
  const translated = (text) => text.match(/\{% translate "([^"]+)" %\}/)[1];
  return Object.fromEntries(
    sections.map((section) => {
      const lines = section.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g);
      const keys = (line) => [...line.matchAll(/<kbd>(.*?)<\/kbd>/g)].map(([, key]) => key).join(" ");
      return [translated(section), Object.fromEntries([...lines].map(([, key, words]) => [keys(key), translated(words)]))];
    }),
  );
}

let onKey;
const called = [];
globalThis.document = Object.assign(documentDouble("keys", "show-keys", "timeline"), {
  addEventListener: (name, act) => name === "keydown" && (onKey = act),
  querySelector: () => null,
});
document.getElementById("keys").showModal = () => called.push("list");
const { listenToKeys } = await import("../../static/webchat/js/view/keys.js");
const { KEYS } = await import("../../static/webchat/js/view/toolbar.js");
listenToKeys(Object.fromEntries(ACTIONS.map((name) => [name, () => called.push(name)])));

/** What a key of the list is to a browser. */
function pressed(keys, isWriting = false, place = document.body) {
  const parts = keys.split(" ");
  const name = parts.at(-1);
  const arrow = { "↓": "ArrowDown", "↑": "ArrowUp" }[name];
  const code = arrow ?? (/^[A-Z]$/.test(name) ? `Key${name}` : name);
  const key = arrow ?? { Esc: "Escape" }[name] ?? name;
  called.length = 0;
  const event = { code, key, altKey: parts[0] === "Alt", ctrlKey: false, metaKey: false, defaultPrevented: false };
  const target = document.createElement("button");
  place.append(target);
  onKey({ ...event, target: Object.assign(target, { matches: () => isWriting }), preventDefault() {} });
  target.remove();
  return called.join();
}

/** The words of the list -> what they promise. */
const EVERYWHERE = {
  "Next channel": "next",
  "Previous channel": "previous",
  "Go to another channel by name": "join",
  "People, open or close": "people",
  "Search, open or close": "search",
  "About this channel: notifications, export": "about",
  "Outbox, when something is unsent": "outbox",
  "This list": "list",
  "Close what is open, then go to the message field": "write",
};

test("what the list names for everywhere does what its words say, also to who is writing", () => {
  const lines = Object.entries(listed().Everywhere);
  assert.deepEqual(lines.map(([, words]) => words).sort(), Object.keys(EVERYWHERE).sort());
  for (const [keys, words] of lines)
    for (const isWriting of [false, true]) assert.equal(pressed(keys, isWriting), EVERYWHERE[words], keys);
});

test("a character that somebody writes with Alt is none of the page's keys, elsewhere it is", () => {
  const withAlt = (code, key, isWriting) => {
    called.length = 0;
    const event = { code, key, altKey: true, ctrlKey: false, metaKey: false, defaultPrevented: false };
    onKey({ ...event, target: { matches: () => isWriting }, preventDefault() {} });
    return called.join();
  };
  for (const [code, key] of [["KeyO", "ø"], ["KeyS", "ß"], ["KeyJ", "∆"], ["KeyP", "π"], ["KeyK", "˚"], ["KeyI", "Dead"]]) {
    assert.equal(withAlt(code, key, true), "", key);
    assert.notEqual(withAlt(code, key, false), "", key);
  }
  for (const key of ["o", "O"]) assert.equal(withAlt("KeyO", key, true), "outbox");
});

test("no other key with Alt does anything", () => {
  const all = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ", "↓", "↑"].map((each) => `Alt ${each}`);
  const acting = all.filter((keys) => pressed(keys));
  assert.deepEqual(acting.sort(), Object.keys(listed().Everywhere).filter((keys) => keys.startsWith("Alt")).sort());
});

test("in the timeline: the newest, this list, and the message's own keys by the names of their buttons", () => {
  const { End, "?": list, R, L, E, Del, Tab, "↑ ↓": arrows, ...others } = listed()["In the timeline"];
  const timeline = document.getElementById("timeline");
  assert.deepEqual([pressed("End"), pressed("?", false, timeline)], ["newest", "list"]);
  assert.equal(pressed("?"), "", "a character that is said or typed at a button elsewhere is no key of the page");
  assert.deepEqual([pressed("End", true), pressed("?", true)], ["", ""], "to who writes they are text");
  assert.deepEqual(Object.keys(KEYS).sort(), ["delete", "e", "l", "r"]);
  for (const [words, key] of [[R, "r"], [L, "l"], [E, "e"], [Del, "delete"]]) assert.ok(words.startsWith(say(`act.${KEYS[key]}`)), words);
  assert.ok(End && list && Tab && arrows);
  assert.deepEqual(others, {}, "listed, and not tested here");
});
