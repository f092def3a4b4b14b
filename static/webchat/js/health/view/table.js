/**
 * Tables and lists that are drawn again each second without anything jumping: an element stays as long as its
 * key is there, and only what differs is touched, so focus, selection and scrolling stay where they are. What has
 * the focus is never moved (a browser takes the focus from what moves): the others move around it; when it goes,
 * the focus goes to what stands in its place, or to the list, never to nothing.
 */

import { h, setText } from "../../view/dom.js";

/** Let `parent` hold one child per item, in their order; `make(item)` once, `update(element, item)` each time. */
export function keyed(parent, items, keyOf, make, update) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const keys = items.map((item) => String(keyOf(item)));
  const wanted = new Set(keys);
  const at = [...parent.children].findIndex((child) => child.contains(document.activeElement));
  const focused = parent.children[at] ?? null;
  for (const [key, element] of old) if (!wanted.has(key)) element.remove();
  let place = parent.firstElementChild;
  items.forEach((item, index) => {
    const element = old.get(keys[index]) ?? make(item);
    element.dataset.key = keys[index];
    update(element, item);
    // Who stands before it comes later: behind all others it is found then.
    if (element === focused) while (place !== focused) place = behind(parent, place);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  });
  if (focused && !parent.contains(focused)) heir(parent, parent.children[Math.min(at, items.length - 1)])?.focus();
}

/** Who gets the focus of what has gone: the button of `row`, which stands in its place, or else the list itself. */
function heir(parent, row) {
  const button = row?.querySelector("button");
  if (button && button.getAttribute("hidden") === null) return button;
  let around = parent;
  while (around && around.getAttribute("tabindex") === null) around = around.parentElement;
  return around;
}

/** Put a child behind all others; what stood after it. */
function behind(parent, element) {
  const next = element.nextElementSibling;
  parent.append(element);
  return next;
}

/**
 * A plain table in `box`: `head` of texts, `rows` of `{key, cells}`; the first cell of a row is its header.
 * A cell is a text, or `{text, kind, note}` with a class, and with smaller words below; null for one that the caller
 * draws into, which is left as it is.
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

export function drawCell(element, cell) {
  if (cell === null) return;
  const { text, kind = "", note = "" } = typeof cell === "object" ? cell : { text: cell };
  if (note && element.children.length) {
    setText(element.children[0], text);
    setText(element.children[1], note);
  } else if (note) element.replaceChildren(h("span", {}, text), " ", h("small", {}, note));
  else setText(element, text);
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
