/** The last joins of a channel, each to be opened: its steps, when and how long, and who was asked and answered. */

import { byId, h, setAttribute, setText } from "../../view/dom.js";
import { joinCells, joinsShown, joinTitle } from "../joining.js";
import { say } from "../strings.js";
import { svgOf } from "./svg.js";
import { drawTable, keyed } from "./table.js";

const HEAD = ["step", "when", "took", "outcome", "answers"];

export class JoinList {
  draw(recent, nameOf) {
    keyed(byId("join-list"), joinsShown(recent), ({ node, at_ms }) => `${node} ${at_ms}`, make, (element, join) => draw(element, join, nameOf));
  }
}

function make() {
  const box = h("div", { class: "table-box", tabindex: 0, role: "group", "aria-label": say("join.step") });
  return h("li", {}, h("details", {}, h("summary", {}, h("span", { class: "join-who" }), h("span", { class: "join-how" })), box));
}

function draw(element, join, nameOf) {
  const [summary, box] = element.firstElementChild.children;
  const name = nameOf(join.node);
  setAttribute(element, "data-outcome", join.outcome);
  setText(summary.firstElementChild, name);
  setText(summary.lastElementChild, joinTitle(join));
  setAttribute(box, "aria-label", name);
  const rows = joinCells(join, nameOf);
  drawTable(box, HEAD.map((key) => say(`join.${key}`)), rows, name);
  rows.forEach(({ pieces }, at) => drawSpan(box.querySelector("tbody").rows[at].cells[1], pieces));
}

/** Where in the join a step lies, and where its time went; for those who can't see it, in words. */
function drawSpan(place, pieces) {
  const shape = JSON.stringify(pieces);
  if (place.dataset.shape === shape) return;
  place.dataset.shape = shape;
  const bars = pieces.map(({ part, from, share, text }) => ({
    tag: "rect",
    attributes: { class: `is-${part}`, x: String(from * 100), y: "0", width: String(Math.max(0.8, share * 100)), height: "10" },
    children: text ? [{ tag: "title", text }] : [],
  }));
  const ground = { tag: "rect", attributes: { class: "is-ground", x: "0", y: "0", width: "100", height: "10" } };
  place.replaceChildren(
    svgOf({ tag: "svg", attributes: { class: "part-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, children: [ground, ...bars] }),
    h("small", {}, pieces.map(({ text }) => text).filter(Boolean).join(", ")),
  );
}
