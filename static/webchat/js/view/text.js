/**
 * What a message says: the node's HTML, or the local echo until that is there; with people's names.
 */

import { echoBlocks } from "../echo.js";
import { say } from "../strings.js";
import { h, setText } from "./dom.js";
import { nodesOf } from "./html.js";

const lang = document.documentElement.lang || "en";
const editedAt = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });

/** Draw a row's text; `people`: `me`, `nameOf(node id)`. Names may come later, so they are set each time. */
export function drawText(element, row, people) {
  const shown = `${row.deleted} ${row.edited_ms} ${row.html ? "html" : "text"} ${row.html || row.text}`;
  if (element.shown !== shown) {
    element.shown = shown;
    element.replaceChildren(...said(row));
    if (row.edited_ms && !row.deleted) lastLine(element).append(" ", editedMark(row.edited_ms));
    element.mentions = [...element.querySelectorAll("span.mention[data-node]")];
    element.classList.toggle("is-deleted", row.deleted);
  }
  for (const mention of element.mentions) {
    setText(mention, `@${people.nameOf(mention.dataset.node)}`);
    mention.classList.toggle("is-me", mention.dataset.node === people.me);
  }
}

function said(row) {
  if (row.deleted) return [h("p", {}, say("row.deleted"))];
  return row.html ? nodesOf(row.html) : echoBlocks(row.text).map(block);
}

/** The paragraph that ends the text; one of its own after code, a list or a quote. */
function lastLine(element) {
  const last = element.lastElementChild;
  return last?.localName === "p" ? last : element.appendChild(h("p"));
}

function editedMark(at_ms) {
  const at = new Date(at_ms);
  const title = say("row.edited.at", { time: editedAt.format(at) });
  return h("time", { class: "edited", datetime: at.toISOString(), title }, say("row.edited"));
}

function block({ code, lines }) {
  if (code !== undefined) return h("pre", {}, h("code", {}, code));
  return h("p", {}, ...lines.flatMap((line, at) => [...(at ? [h("br")] : []), ...line.map(piece)]));
}

function piece({ text, href, node }) {
  if (node) return h("span", { class: "mention", "data-node": node });
  if (!href) return text;
  return h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer" }, text);
}
