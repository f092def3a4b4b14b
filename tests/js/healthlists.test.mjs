/** Lists of the health page are drawn again each second, and take the focus from nobody. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";

globalThis.document = documentDouble("list");
const { drawCell, keyed } = await import("../../static/webchat/js/health/view/table.js");

const list = document.getElementById("list");
const draw = (...names) => keyed(list, names, (name) => name, make, () => {});
const order = () => list.children.map((each) => each.textContent).join("");
const button = (name) => list.children.find((each) => each.textContent === name).querySelector("button");

function make(name) {
  const [row, pressed] = [document.createElement("li"), document.createElement("button")];
  pressed.textContent = name;
  row.append(pressed);
  return row;
}

beforeEach(() => {
  draw();
  draw("a", "b", "c", "d");
});

for (const next of ["dcba", "badc", "cdab", "bcd", "xayb", "dxb", "cxbyazd", "b"])
  for (const focused of ["a", "b", "c", "d"].filter((name) => next.includes(name)))
    test(`from abcd to ${next} the focus stays on ${focused}`, () => {
      button(focused).focus();
      draw(...next);
      assert.equal(order(), next);
      assert.equal(document.activeElement, button(focused));
    });

test("when what has the focus goes, the focus goes to what stands in its place", () => {
  for (const [focused, next, then] of [
    ["b", "acd", "c"],
    ["d", "abc", "c"],
    ["a", "bcd", "b"],
  ]) {
    draw("a", "b", "c", "d");
    button(focused).focus();
    draw(...next);
    assert.equal(document.activeElement, button(then));
  }
});

test("when nothing to press stands in its place, the focus goes to the list or to what is around it", () => {
  const hiding = (row) => row.querySelector("button").setAttribute("hidden", "");
  const box = document.createElement("div");
  box.setAttribute("tabindex", "0");
  const own = document.createElement("ul");
  own.setAttribute("tabindex", "-1");
  for (const [parent, then] of [
    [document.createElement("ul"), box],
    [own, own],
  ])
    for (const next of ["", "acd"]) {
      box.replaceChildren(parent);
      keyed(parent, [..."abcd"], (name) => name, make, () => {});
      parent.children[1].querySelector("button").focus();
      keyed(parent, [...next], (name) => name, make, hiding);
      assert.equal(document.activeElement, then);
      parent.replaceChildren();
    }
});

test("an element stays as long as its key is there", () => {
  const before = button("c");
  draw("c", "x", "a");
  assert.equal(button("c"), before);
  draw();
  assert.equal(order(), "");
});

test("a cell of a table that is drawn into stays as it is when the table is drawn again", () => {
  const cell = document.createElement("td");
  const bar = document.createElement("svg");
  cell.append(bar);
  drawCell(cell, null);
  assert.deepEqual(cell.children, [bar]);
  drawCell(cell, "12 ms");
  assert.equal(cell.textContent, "12 ms");
});
