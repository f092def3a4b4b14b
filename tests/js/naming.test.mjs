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

test("names look alike in letters of another script, or with some that nobody sees", () => {
  const pairs = [["Ann", "Аnn"], ["Peter", "Реtеr"], ["Nick", "Νick"], ["Ivo", "Ινο"], ["HANS", "НАΝS"], ["Zoë", "Zоë"], ["Ann", "A\u200bnn"]];
  for (const [name, other] of pairs) {
    assert.notEqual(name, other);
    assert.equal(nameKey(name), nameKey(other), name);
  }
  for (const [name, other] of [["Нина", "НИНА"], ["Νίκος", "ΝΊΚΟς"], ["Hugo", "HUGO"]]) assert.equal(nameKey(name), nameKey(other), "whatever its case");
  for (const [name, other] of [["Нина", "Нона"], ["Ann", "Anne"], ["Юля", "Оля"]]) assert.notEqual(nameKey(name), nameKey(other), name);
  assert.deepEqual([...twinsOf(new Map([[id("a"), "Ann"], [id("b"), "Аnn"], [id("c"), "Bob"]]))], [id("a"), id("b")]);
});

test("people are sorted by their names, whatever these look like", () => {
  const names = new Map([[id("a"), "Вова"], [id("b"), "Cleo"], [id("c"), "Анна"]]);
  assert.deepEqual(peopleOf(names, "").map((one) => one.name), ["Cleo", "Анна", "Вова"]);
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
