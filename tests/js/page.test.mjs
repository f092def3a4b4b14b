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

const CHAT = [...filesIn("static/webchat/js/", ".js"), ...filesIn("static/webchat/js/view/", ".js")];
const HEALTH = ["", "plot/", "view/"].flatMap((folder) => filesIn(`static/webchat/js/health/${folder}`, ".js"));
const MODULES = [...CHAT, ...HEALTH];
const STYLES = filesIn("static/webchat/css/", ".css");
const TEMPLATES = [...filesIn("templates/webchat/", ".html"), ...filesIn("templates/webchat/health/", ".html")];
const listedIn = (template) => [...read(template).matchAll(/static '([^']+)' %/g)].map((found) => found[1]);
const served = (paths, entries) => paths.map((path) => path.replace("static/", "")).filter((path) => !entries.includes(path));

test("the page asks for every module at once", () => {
  const needed = served(CHAT, ["main", "account", "forgetting"].map((name) => `webchat/js/${name}.js`));
  assert.deepEqual(listedIn("templates/webchat/modules.html").sort(), needed.sort());
});

test("so does the health page, with those that it shares with the chat", () => {
  const imported = HEALTH.flatMap((path) =>
    [...read(path).matchAll(/from "([^"]+)"/g)].map((found) => new URL(found[1], new URL(path, ROOT)).href.replace(ROOT.href, "")),
  );
  const shared = [...new Set(imported)].filter((path) => !HEALTH.includes(path));
  const listed = listedIn("templates/webchat/health/modules.html").filter((path) => !path.includes("identicon"));
  assert.deepEqual(listed.sort(), served([...HEALTH, ...shared], ["webchat/js/health/main.js"]).sort());
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
  const pageless = HEALTH.filter((path) => !path.includes("/view/") && !/\/(main|page)\.js$/.test(path));
  for (const path of [...filesIn("static/webchat/js/", ".js"), ...pageless]) {
    if (viewless.has(path.match(/(\w+)\.js$/)[1])) continue;
    assert.doesNotMatch(read(path).replace(/globalThis\.\w+/g, ""), /\b(document|window)\./, path);
  }
});

test("every word of the health page is said somewhere", () => {
  const texts = HEALTH.map(read).join("\n");
  const words = ["words", "toolwords"].map((folder) => read(`static/webchat/js/health/${folder}/en.js`)).join("\n");
  const keys = [...words.matchAll(/^  "([\w.]+)":/gm)].map((found) => found[1]);
  // These keys are put together from a state, a code, or the name of a column.
  const madeUp = /^(state|host|node|tile|direction|legend|reached|push|part|step|doctor|join|fact\.canary|trace|trace\.is|fail\.since|report|log|boot|initiator|link|why|story)\.\w+(\.\w+){0,2}$/;
  const unsaid = keys.filter((key) => !madeUp.test(key) && !texts.includes(`"${key.replace(/\.(one|other)$/, "")}"`));
  assert.ok(keys.length > 50);
  assert.deepEqual(unsaid, []);
});

test("every word is said somewhere", () => {
  const texts = CHAT.filter((path) => !path.endsWith("/strings.js")).map(read).join("\n");
  const words = ["words", "joinwords", "sendwords"].map((folder) => read(`static/webchat/js/${folder}/en.js`)).join("\n");
  const keys = [...words.matchAll(/^  "([\w.]+)":/gm)].map((found) => found[1]);
  const madeUp = /^(error|join\.detail|join\.step|node|row|heard|change|act|context|gap|notify|unsent|leave|delete|signout|follow|health\.state)\./; // these keys are put together from a state or code
  const unsaid = keys.filter((key) => !madeUp.test(key) && !texts.includes(`"${key.replace(/\.(one|other)$/, "")}"`));
  assert.ok(keys.length > 50);
  assert.deepEqual(unsaid, []);
});

test("every picture that is used is in the page", () => {
  const drawn = read("templates/webchat/icons.html") + read("templates/webchat/health/icons.html");
  const icons = new Set([...drawn.matchAll(/id="icon-(\w+)"/g)].map((found) => found[1]));
  const used = [...MODULES, ...TEMPLATES].flatMap((path) =>
    [...read(path).matchAll(/#icon-(\w+)"|\bicon\("(\w+)"\)|icon: "(\w+)"/g)].map(
      (found) => found[1] ?? found[2] ?? found[3],
    ),
  );
  assert.ok(used.length > 10);
  for (const name of [...used, "online", "degraded", "offline", "connecting", "step"]) assert.ok(icons.has(name), name);
});
