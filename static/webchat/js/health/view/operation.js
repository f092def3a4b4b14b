/** The report on an operation, where traces of messages are shown too: a sentence, cause and remedy, where it failed, tries, ways. */

import { h } from "../../view/dom.js";
import { operationFailures } from "../failures.js";
import { attemptRows, operationOutcome, wayRows } from "../operation.js";
import { say } from "../strings.js";
import { failureElements } from "./failures.js";
import { drawTable } from "./table.js";

const ATTEMPT = ["number", "when", "step", "outcome", "took"];
const WAY = ["when", "peer", "operation", "method", "outcome", "took"];

/** Its elements. */
export function reportElements(report, nameOf) {
  const { text, tone } = operationOutcome(report, nameOf);
  const { cause } = report;
  return [
    h("p", { class: `trace-verdict is-${tone}` }, text),
    ...(cause ? [h("p", { class: "notice" }, `${cause.message}. ${cause.remedy} (${cause.code})`)] : []),
    ...failureElements(operationFailures(report, nameOf)),
    ...table(say("report.tries"), ATTEMPT, attemptRows(report)),
    ...table(say("report.ways"), WAY, wayRows(report, nameOf)),
  ];
}

function table(title, head, rows) {
  if (!rows.length) return [];
  const box = h("div", { class: "table-box", tabindex: 0, role: "group", "aria-label": title });
  drawTable(box, head.map((key) => say(`report.${key}`)), rows, title);
  return [h("h3", {}, title), box];
}
