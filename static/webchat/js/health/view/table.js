/**
 * Tables and lists that are drawn again each second without anything jumping: an element stays as long as its
 * key is there, and only what differs is touched, so focus, selection and scrolling stay where they are.
 */

import { h, setText } from "../../view/dom.js";

/** Let `parent` hold one child per item, in their order; `make(item)` once, `update(element, item)` each time. */
export function keyed(parent, items, keyOf, make, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = old.get(key);
    if (element) old.delete(key);
    else {
      element = make(item);
      element.dataset.key = key;
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const element of old.values()) element.remove();
}

/**
 * A plain table in `box`: `head` of texts, `rows` of `{key, cells}`; the first cell of a row is its header.
 * A cell is a text, or `{text, kind}` with a class.
 */
export function drawTable(box, head, rows, caption) {
  let table = box.firstElementChild;
  const shape = JSON.stringify(head);
  if (!table || table.dataset.shape !== shape) {
    table = h("table", {}, h("caption", { class: "visually-hidden" }, caption), h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))), h("tbody"));
    table.dataset.shape = shape;
    box.replaceChildren(table);
  }
  keyed(
    table.tBodies[0],
    rows,
    (row) => row.key,
    () => h("tr", {}, ...head.map((_, at) => (at ? h("td") : h("th", { scope: "row" })))),
    (element, row) => row.cells.forEach((cell, at) => drawCell(element.cells[at], cell)),
  );
}

function drawCell(element, cell) {
  const { text, kind = "" } = typeof cell === "object" ? cell : { text: cell };
  setText(element, text);
  if (element.className !== kind) element.className = kind;
}

/** A list of facts: `[name, value]`; names are its keys. */
export function drawFacts(list, facts) {
  keyed(
    list,
    facts,
    ([name]) => name,
    ([name]) => h("div", {}, h("dt", {}, name), h("dd")),
    (element, [, value]) => setText(element.lastElementChild, value),
  );
}
