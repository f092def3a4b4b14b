/** The last joins of a channel, each to be opened: why it hangs, its steps, when and how long, who was asked and answered. */

import { byId, h, setAttribute, setText } from "../../view/dom.js";
import { joinCells, joinReport, joinsShown, joinTitle } from "../joining.js";
import { say } from "../strings.js";
import { drawFailures, makeFailures } from "./failures.js";
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
  const report = h("div", { class: "join-report", hidden: true }, h("p", { class: "notice" }), h("p", { class: "note" }), makeFailures("h4"));
  return h("li", {}, h("details", {}, h("summary", {}, h("span", { class: "join-who" }), h("span", { class: "join-how" })), report, box));
}

function draw(element, join, nameOf) {
  const [summary, report, box] = element.firstElementChild.children;
  const name = nameOf(join.node);
  setAttribute(element, "data-outcome", join.outcome);
  setText(summary.firstElementChild, name);
  setText(summary.lastElementChild, joinTitle(join));
  setAttribute(box, "aria-label", name);
  drawReport(report, joinReport(join, nameOf));
  const rows = joinCells(join, nameOf);
  drawTable(box, HEAD.map((key) => say(`join.${key}`)), rows, name);
  rows.forEach(({ pieces }, at) => drawSpan(box.querySelector("tbody").rows[at].cells[1], pieces));
}

/** Of a join that hangs what is wrong and what to do, in words; when it is through, that goes. */
function drawReport(element, found) {
  setAttribute(element, "hidden", !found);
  if (!found) return;
  const [why, told, failures] = element.children;
  setAttribute(why, "hidden", !found.why);
  setText(why, found.why);
  setText(told, found.text);
  drawFailures(failures, found.failures);
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
