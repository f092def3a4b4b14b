/** Rules about the page's files: they load side by side, bring nothing from outside, and parse no HTML. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);
const read = (path) => readFileSync(new URL(path, ROOT), "utf8");
const filesIn = (folder, ending) =>
  readdirSync(new URL(folder, ROOT))
    .filter((name) => name.endsWith(ending))
    .map((name) => folder + name);

const MODULES = [...filesIn("static/webchat/js/", ".js"), ...filesIn("static/webchat/js/view/", ".js")];
const STYLES = filesIn("static/webchat/css/", ".css");
const TEMPLATES = filesIn("templates/webchat/", ".html");

test("the page asks for every module at once", () => {
  const listed = [...read("templates/webchat/modules.html").matchAll(/static '([^']+)' %/g)].map((found) => found[1]);
  const entries = ["webchat/js/main.js", "webchat/js/account.js"];
  const needed = MODULES.map((path) => path.replace("static/", "")).filter((path) => !entries.includes(path));
  assert.deepEqual(listed.sort(), needed.sort());
});

test("no text ever becomes markup, and no code is made from text", () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser/;
  // The node's HTML of messages is read apart from the page, and only what is listed there is built anew.
  const reader = "static/webchat/js/view/html.js";
  for (const path of MODULES)
    assert.doesNotMatch(read(path).replace(path === reader ? "DOMParser" : "", ""), forbidden, path);
});

test("nothing is inline and nothing comes from elsewhere", () => {
  for (const path of TEMPLATES) {
    const text = read(path);
    assert.doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=|javascript:|data:/i, path);
    assert.doesNotMatch(text, /<script(?![^>]*\ssrc=)/i, path);
    assert.doesNotMatch(text, /(?:src|href)="(?:https?:)?\/\//i, path);
  }
  for (const path of STYLES) assert.doesNotMatch(read(path), /url\(|@import/i, path);
});

test("modules for node's tests know no page", () => {
  const viewless = new Set(["app", "main", "account", "screen"]);
  for (const path of filesIn("static/webchat/js/", ".js")) {
    if (viewless.has(path.match(/(\w+)\.js$/)[1])) continue;
    assert.doesNotMatch(read(path).replace(/globalThis\.\w+/g, ""), /\b(document|window)\./, path);
  }
});

test("every word is said somewhere", () => {
  const texts = MODULES.filter((path) => !path.endsWith("/strings.js")).map(read).join("\n");
  const keys = [...read("static/webchat/js/words/en.js").matchAll(/^  "([\w.]+)":/gm)].map((found) => found[1]);
  const madeUp = /^(error|join\.detail|join\.step|node|row|heard|change|act|context|gap|notify|unsent)\./; // these keys are put together from a state or code
  const unsaid = keys.filter((key) => !madeUp.test(key) && !texts.includes(`"${key.replace(/\.(one|other)$/, "")}"`));
  assert.ok(keys.length > 50);
  assert.deepEqual(unsaid, []);
});

test("every picture that is used is in the page", () => {
  const icons = new Set([...read("templates/webchat/icons.html").matchAll(/id="icon-(\w+)"/g)].map((found) => found[1]));
  const used = [...MODULES, ...TEMPLATES].flatMap((path) =>
    [...read(path).matchAll(/#icon-(\w+)"|\bicon\("(\w+)"\)|icon: "(\w+)"/g)].map(
      (found) => found[1] ?? found[2] ?? found[3],
    ),
  );
  assert.ok(used.length > 10);
  for (const name of [...used, "online", "degraded", "offline", "connecting", "step"]) assert.ok(icons.has(name), name);
});
