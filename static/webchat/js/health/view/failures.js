/** Where tries failed, as a table under a heading; drawn again into the same element, it stays where it is. */

import { h, setAttribute, setText } from "../../view/dom.js";
import { say } from "../strings.js";
import { drawTable } from "./table.js";

/** Its element, to be drawn into; `heading`: the tag of the heading in its place on the page. */
export const makeFailures = (heading = "h3") =>
  h("div", { class: "failures", hidden: true }, h(heading, {}, say("fail.title")), h("div", { class: "table-box", tabindex: 0, role: "group", "aria-label": say("fail.title") }), h("p", { class: "note", hidden: true }));

/** `{head, rows, left}` of `../failures.js`; without rows there is nothing to see. */
export function drawFailures(element, { head, rows, left }) {
  const [, box, more] = element.children;
  setAttribute(element, "hidden", !rows.length);
  drawTable(box, head, rows, say("fail.title"));
  setAttribute(more, "hidden", !left);
  setText(more, left ? say("fail.left", { n: left }) : "");
}

/** Both at once; nothing where nothing failed. */
export function failureElements(found) {
  if (!found.rows.length) return [];
  const element = makeFailures();
  drawFailures(element, found);
  return [element];
}
