/**
 * The reachability matrix as a table with headers for its rows and columns, in a box of its own.
 *
 * One cell at a time is a stop of the Tab key, and the arrow keys go from it to the others; what a pointer is told by
 * a cell's title is told of the one with the focus in words below the table, also to a finger.
 */

import { byId, h, icon, setAttribute, setIcon, setText } from "../../view/dom.js";
import { ago } from "../format.js";
import { LEGEND, matrixNotes, matrixOf } from "../matrix.js";
import { say } from "../strings.js";
import { keyed } from "./table.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export class MatrixView {
  #box = byId("matrix");
  #table = null;
  #told = null;
  #keys = new Map(LEGEND.map(({ kind, icon: picture, key }) => [kind, h("li", { class: `cell-key is-${kind}` }, icon(picture), say(key))]));

  constructor() {
    this.#box.addEventListener("keydown", (event) => this.#go(event));
    this.#box.addEventListener("focusin", ({ target }) => target.tagName === "TD" && this.#stop(target));
    byId("matrix-legend").append(...this.#keys.values());
  }

  /** The picture is `age_ms` old. */
  draw(detail, nameOf, isHere, age_ms) {
    const shown = matrixOf(detail, nameOf, age_ms);
    const { columns, rows } = shown;
    const shape = columns.map(({ id }) => id).join(" ");
    if (this.#table?.dataset.shape !== shape) this.#build(columns, shape);
    columns.forEach(({ id, silent, old_ms }, at) => {
      const head = this.#table.tHead.rows[0].cells[at + 1];
      setText(head.firstElementChild, nameOf(id));
      const about = [isHere(id) && say("matrix.own"), old_ms !== null && say("channel.age", { ago: ago(old_ms) })];
      setText(head.lastElementChild, about.filter(Boolean).join(", "));
      head.classList.toggle("is-troubled", silent);
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
    this.#tell();
    const { above, below } = matrixNotes(detail, shown);
    note("matrix-note", above);
    note("matrix-more", below);
    for (const [kind, element] of this.#keys) if (["direct", "fine"].includes(kind)) setAttribute(element, "hidden", (kind === "fine") !== (detail.failing_only ?? false));
  }

  /** From the cell with the focus to its neighbour, if there is one. */
  #go(event) {
    const [down, right] = STEPS[event.key] ?? [0, 0];
    const cell = event.target;
    if ((!down && !right) || cell.tagName !== "TD" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const row = cell.parentElement;
    const next = this.#table.tBodies[0].rows[row.sectionRowIndex + down]?.cells[cell.cellIndex + right];
    if (next?.tagName === "TD") next.focus();
  }

  /** This cell is where Tab comes to, and what is told below. */
  #stop(cell) {
    this.#told = cell;
    this.#tell();
  }

  /** What the cell says that was stopped at last; Tab comes to the first one when none was, or it is gone. */
  #tell() {
    if (!this.#table.contains(this.#told)) this.#told = null;
    const stop = this.#told ?? this.#table.querySelector("td");
    for (const other of this.#table.querySelectorAll('td[tabindex="0"]')) if (other !== stop) other.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    const [cell, place] = [this.#told, byId("matrix-told")];
    setAttribute(place, "hidden", !cell);
    if (!cell) return;
    const head = this.#table.tHead.rows[0].cells[cell.cellIndex].firstElementChild.textContent;
    setText(place, say("matrix.told", { initiator: head, subscriber: cell.parentElement.cells[0].textContent, title: cell.title }));
  }

  #build(columns, shape) {
    if (this.#box.contains(document.activeElement)) this.#box.focus(); // the cell goes with its table
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

function note(id, words) {
  setText(byId(id), words);
  setAttribute(byId(id), "hidden", !words);
}

const makeCell = () =>
  h("td", { tabindex: -1 }, h("span", { class: "cell" }, icon("untested"), h("span", { class: "cell-words" }, h("span"), h("small"))), h("span", { class: "visually-hidden" }));

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
