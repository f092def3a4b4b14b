/**
 * A shared file in a row: the picture itself where it is one, and a line with name, size, nodes and a way to save it.
 */

import { fileAddress, mayBeShown, sizeWords } from "../files.js";
import { say } from "../strings.js";
import { h, icon, setText } from "./dom.js";

/** Draw the file of a row into its element; `nodes` is `{nodes, asked}` or null. */
export function drawFile(element, row, nodes) {
  element.hidden = !row.file || row.deleted;
  if (element.hidden) {
    element.replaceChildren();
    element.shown = "";
    return;
  }
  if (element.shown !== row.file.root) {
    element.shown = row.file.root;
    element.replaceChildren(...content(row, element));
  }
  setText(element.nodes, nodes ? say("file.nodes", { n: nodes.nodes }) : "");
}

function content(row, element) {
  const { name, size } = row.file;
  const address = fileAddress(row.channel, row.id);
  element.nodes = h("span", { class: "file-nodes" });
  const facts = h("span", { class: "file-facts" }, sizeWords(size), element.nodes);
  const words = h("span", { class: "file-words" }, h("span", { class: "file-name" }, name), facts);
  const save = h("a", { href: `${address}?download`, download: name, class: "file-save", "aria-label": say("file.save", { name }) });
  save.append(icon("down"));
  const line = h("div", { class: "file" }, icon("file"), words, save);
  return row.order && mayBeShown(row.file) ? [shown(address, name, line), line] : [line];
}

/** The picture, opened alone by a click; if it turns out to be none, the line is enough. */
function shown(address, name, line) {
  const image = h("img", { class: "file-image", src: address, alt: say("file.alt", { name }), loading: "lazy", decoding: "async" });
  const link = h("a", { href: address, target: "_blank", rel: "noopener", class: "file-link" }, image);
  image.addEventListener("load", () => line.classList.add("is-caption"));
  image.addEventListener("error", () => link.remove());
  return link;
}
