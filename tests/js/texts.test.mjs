import assert from "node:assert/strict";
import { test } from "node:test";

import { identicon } from "../../static/webchat/js/identicon.js";
import { linkify } from "../../static/webchat/js/linkify.js";
import { measured } from "../../static/webchat/js/textlimit.js";
import { daysAgo, timelineItems } from "../../static/webchat/js/timeline.js";

const links = (text) => linkify(text).filter((piece) => piece.href).map((piece) => piece.text);

test("links are found, and sentences around them stay outside", () => {
  const cases = {
    "see https://a.example/x.": ["https://a.example/x"],
    "(https://a.example/b_(c))": ["https://a.example/b_(c)"],
    "https://a.example/?q=1&r=2, http://b.example!": ["https://a.example/?q=1&r=2", "http://b.example"],
    "HTTPS://A.EXAMPLE/": ["HTTPS://A.EXAMPLE/"],
    'say "https://a.example" now': ["https://a.example"],
    "no links here": [],
  };
  for (const [text, found] of Object.entries(cases)) assert.deepEqual(links(text), found, text);
});

test("nothing but http and https is ever a link", () => {
  const hostile = [
    "javascript:alert(1)",
    "JaVaScRiPt://%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "xhttps://a.example",
    "https://",
    "https://user:pass@a.example/",
    "blob:https://x",
  ];
  for (const text of hostile) for (const { href } of linkify(text)) assert.ok(!href || /^https?:/.test(href), text);
  assert.deepEqual(links("https://bank.example@evil.example/"), []);
  assert.deepEqual(links("https://a.example/\u202egnp.exe"), ["https://a.example/"]);
});

test("the pieces together are the text", () => {
  const texts = ["", "a", "https://a.example", "x https://a.example. y (http://b.example) <b>&amp;</b>\n\n https://"];
  for (const text of texts)
    assert.equal(
      linkify(text)
        .map((piece) => piece.text)
        .join(""),
      text,
    );
});

test("a hostile text costs no more than its length", () => {
  // With work that grows with the square, this would take minutes.
  assert.deepEqual(links(`https://a.example/${")".repeat(400_000)}`), ["https://a.example/"]);
  assert.equal(links("http://".repeat(50_000)).length, 1);
});

test("the limit counts bytes, not characters", () => {
  assert.equal(measured("é".repeat(8192), 16_384).isOver, false);
  assert.equal(measured(`${"é".repeat(8192)}x`, 16_384).isOver, true);
  assert.equal(measured("x".repeat(15_000), 16_384).isNear, true);
  assert.equal(measured("hello", 16_384).isNear, false);
});

test("a node's picture is always the same, and mirrored", () => {
  const id = "5b2f8a4c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6";
  assert.deepEqual(identicon(id), identicon(id));
  assert.notDeepEqual(identicon(id), identicon(`6${id.slice(1)}`));
  const { hue, dots } = identicon(id);
  assert.ok(hue >= 0 && hue < 12);
  const places = new Set(dots.map(({ x, y, r }) => `${x} ${y} ${r}`));
  for (const { x, y, r } of dots) assert.ok(places.has(`${5 - x} ${y} ${r}`));
  assert.ok(identicon("").dots.length > 0);
});

const at = (day, hour, minute = 0) => new Date(2026, 4, day, hour, minute).getTime();
const row = (id, author, at_ms) => ({ id, author, at_ms });
const shape = (rows) => timelineItems(rows).map((item) => (item.kind === "day" ? "|" : item.isHead ? "H" : "-"));

test("days are divided, and an author's run has one head", () => {
  const rows = [
    row("1", "a", at(1, 10)),
    row("2", "a", at(1, 10, 4)),
    row("3", "b", at(1, 10, 5)),
    row("4", "b", at(1, 10, 30)),
    row("5", "b", at(2, 0, 1)),
  ];
  assert.equal(shape(rows).join(""), "|H-HH|H");
  assert.deepEqual(timelineItems([]), []);
});

test("today and yesterday go by the calendar, not by 24 hours", () => {
  assert.equal(daysAgo(at(3, 0, 5), at(3, 23, 59)), 0);
  assert.equal(daysAgo(at(2, 23, 59), at(3, 0, 1)), 1);
  assert.equal(daysAgo(at(1, 12), at(3, 0, 1)), 2);
});
