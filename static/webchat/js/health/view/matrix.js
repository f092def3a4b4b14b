/** The reachability matrix as a table with headers for its rows and columns, in a box of its own. */

import { byId, h, icon, setAttribute, setIcon, setText } from "../../view/dom.js";
import { LEGEND, matrixOf } from "../matrix.js";
import { say } from "../strings.js";
import { keyed } from "./table.js";

export class MatrixView {
  #box = byId("matrix");
  #table = null;

  constructor() {
    byId("matrix-legend").append(...LEGEND.map(({ kind, icon: picture, key }) => h("li", { class: `cell-key is-${kind}` }, icon(picture), say(key))));
  }

  draw(detail, nameOf, isHere) {
    const { columns, rows, left } = matrixOf(detail, nameOf);
    const shape = columns.map(({ id }) => id).join(" ");
    if (this.#table?.dataset.shape !== shape) this.#build(columns, shape);
    columns.forEach(({ id, answers }, at) => {
      const head = this.#table.tHead.rows[0].cells[at + 1];
      setText(head.firstElementChild, nameOf(id));
      setText(head.lastElementChild, isHere(id) ? say("matrix.own") : "");
      head.classList.toggle("is-troubled", !answers);
    });
    keyed(
      this.#table.tBodies[0],
      rows,
      (row) => row.id,
      (row) => h("tr", {}, h("th", { scope: "row" }), ...row.cells.map(makeCell)),
      (element, row) => {
        setText(element.cells[0], nameOf(row.id));
        setAttribute(element, "data-reached", row.reached);
        row.cells.forEach((cell, at) => drawCell(element.cells[at + 1], cell));
      },
    );
    setAttribute(byId("matrix-more"), "hidden", !left);
    if (left) setText(byId("matrix-more"), say("matrix.more", { n: left }));
  }

  #build(columns, shape) {
    const heads = columns.map(() => h("th", { scope: "col" }, h("span"), h("small")));
    this.#table = h(
      "table",
      { class: "matrix", "aria-labelledby": "matrix-title" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, say("matrix.corner")), ...heads)),
      h("tbody"),
    );
    this.#table.dataset.shape = shape;
    this.#box.replaceChildren(this.#table);
  }
}

const makeCell = () =>
  h("td", {}, h("span", { class: "cell" }, icon("untested"), h("span", { class: "cell-words" }, h("span"), h("small"))), h("span", { class: "visually-hidden" }));

function drawCell(element, { kind, icon: picture, text, note, title }) {
  const [shown, told] = element.children;
  const [words, small] = shown.lastElementChild.children;
  setAttribute(element, "data-kind", kind);
  setIcon(shown.firstElementChild, picture);
  setText(words, text);
  setText(small, note);
  setText(told, ` ${title}`);
  if (element.title !== title) element.title = title;
}
