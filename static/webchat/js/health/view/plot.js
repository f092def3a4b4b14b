/**
 * A plot in its place: the picture as wide as there is room, what it says in a sentence, what its colours mean,
 * and the same as a table that can be opened.
 */

import { h, setText } from "../../view/dom.js";
import { say } from "../strings.js";
import { svgOf } from "./svg.js";
import { drawTable } from "./table.js";

const NARROWEST = 260;

export class PlotView {
  #box;
  #nothing;
  #chart = null;
  #parts = null;
  #note = null;

  /** `nothing`: what is said when there is nothing to draw. */
  constructor(box, nothing) {
    this.#box = box;
    this.#nothing = nothing;
    new ResizeObserver(() => this.#paint()).observe(box);
  }

  /** `missing`: why there is nothing, where that is not because nothing was. */
  draw(chart, missing = "") {
    this.#chart = chart;
    if (!chart) {
      this.#parts = null;
      if (!this.#note) this.#box.replaceChildren((this.#note = h("p", { class: "note" })));
      setText(this.#note, missing || this.#nothing);
      return;
    }
    this.#note = null;
    this.#parts ??= this.#build(chart);
    setText(this.#parts.summary, chart.summary);
    this.#paint();
    if (this.#parts.table.open) this.#fill();
  }

  #build(chart) {
    const picture = h("div", { class: "plot-picture" });
    const summary = h("figcaption");
    const legend = h("ul", { class: "legend" }, ...chart.legend.map(({ key, text }) => h("li", {}, h("span", { class: `swatch is-${key}`, "aria-hidden": "true" }), text)));
    const box = h("div", { class: "table-box", tabindex: 0, role: "group", "aria-label": say("chart.table") });
    const table = h("details", { class: "as-table" }, h("summary", {}, say("chart.table")), box);
    table.addEventListener("toggle", () => this.#fill());
    this.#box.replaceChildren(h("figure", {}, summary, picture, legend), table);
    return { picture, summary, table, box };
  }

  #paint() {
    if (!this.#chart || !this.#parts) return;
    const width = Math.max(NARROWEST, Math.floor(this.#box.clientWidth));
    this.#parts.picture.replaceChildren(svgOf(this.#chart.spec(width)));
  }

  #fill() {
    if (!this.#chart) return;
    const { head, rows, summary } = this.#chart;
    drawTable(this.#parts.box, head, rows.map((cells, at) => ({ key: `${at} ${cells[0]}`, cells })), summary);
  }
}
