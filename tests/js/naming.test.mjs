/** Names that look alike, fingerprints, and what is shown of people. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fromWire, peopleOf } from "../../static/webchat/js/mentions.js";
import { fingerprint, nameKey, pictureAddress, shortPrint, twinsOf } from "../../static/webchat/js/naming.js";

const id = (char) => char.repeat(40);

test("names look alike whatever their case, width and spaces", () => {
  for (const name of ["ann lee", "Ann  Lee", " ANN LEE ", "Ａｎｎ Lee", "Ann\u00a0Lee"]) assert.equal(nameKey(name), "ann lee", name);
  assert.notEqual(nameKey("Zoe"), nameKey("Zoë"));
  assert.equal(nameKey("Zoe\u0308"), nameKey("Zoë"));
});

test("everybody of a shared name is a twin; nameless ones are not", () => {
  const names = new Map([[id("a"), "Ann"], [id("b"), "ann"], [id("c"), "Bob"], [id("d"), ""], [id("e"), ""]]);
  assert.deepEqual([...twinsOf(names)], [id("a"), id("b")]);
  assert.deepEqual([...twinsOf(new Map())], []);
});

test("a mention of one who is called almost like another says whom it means", () => {
  const names = new Map([[id("a"), "Ann"], [id("b"), "ANN"]]);
  assert.deepEqual(peopleOf(names, "").map((one) => one.label), ["@Ann#aaaaaaaa", "@ANN#bbbbbbbb"]);
  assert.equal(fromWire(`hi <@${id("b")}>`, names).text, "hi @ANN#bbbbbbbb");
});

test("a fingerprint is read four characters at a time, as on the account page", () => {
  assert.equal(fingerprint("0123456789abcdef0123456789abcdef01234567"), "0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567");
  assert.equal(fingerprint(""), "");
  assert.equal(shortPrint(id("a")), "aaaaaaaa");
});

test("a picture's address names its contents", () => {
  assert.equal(pictureAddress(id("a"), "f00"), `/people/${id("a")}/f00/`);
});
