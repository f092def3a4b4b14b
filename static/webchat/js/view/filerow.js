/**
 * A shared file in a row: the picture itself where it is one, and a line with name, size, nodes and a way to save it.
 *
 * A picture that could not be had is tried again when other nodes have it, at most `PICTURE_TRIES_MAX` times: what
 * only calls itself a picture never comes. Before saving the node is asked whether anybody has the file, so that the
 * row says why not, rather than the browser that a download failed.
 */

import { fileAddress, isLargePicture, mayBeShown, sizeWords } from "../files.js";
import { ownError, say } from "../strings.js";
import { h, icon, setText } from "./dom.js";

/** How often a picture is asked for. */
export const PICTURE_TRIES_MAX = 4;

/** Draw the file of a row into its element; `nodes` is `{nodes, asked, here}` or null; `canBeHad(row)` asks anew. */
export function drawFile(element, row, nodes, canBeHad) {
  element.hidden = !row.file || row.deleted;
  if (element.hidden) {
    element.replaceChildren();
    element.shown = "";
    return;
  }
  if (element.shown !== row.file.root) {
    element.shown = row.file.root;
    element.picture = null;
    element.replaceChildren(...content(row, element, nodes, canBeHad));
  }
  setText(element.nodes, nodes ? say("file.nodes", { n: nodes.nodes }) : "");
  setText(element.here, hereWords(nodes, row.file));
  element.picture?.heard(nodes, row.file.size);
}

/** How much of it has got here, while it is on its way. */
function hereWords(nodes, { size }) {
  const isComing = nodes && nodes.here > 0 && nodes.here < size;
  return isComing ? say("file.here", { here: sizeWords(nodes.here), size: sizeWords(size) }) : "";
}

function content(row, element, nodes, canBeHad) {
  const { name, size } = row.file;
  const address = fileAddress(row.channel, row.id);
  element.nodes = h("span", { class: "file-nodes" });
  element.here = h("span", { class: "file-here" });
  const facts = h("span", { class: "file-facts" }, sizeWords(size), element.here, element.nodes);
  if (row.order && isLargePicture(row.file)) facts.append(opener(address, name));
  const lack = h("span", { class: "file-lack", role: "status" });
  const words = h("span", { class: "file-words" }, h("span", { class: "file-name" }, name), facts, lack);
  const line = h("div", { class: "file" }, icon("file"), words, saver(row, address, canBeHad, lack));
  if (!row.order || !mayBeShown(row.file)) return [line];
  element.picture = new Picture(address, name, line, wordOf(nodes, size));
  return [element.picture.link, line];
}

/** The way to a picture that is too large to be loaded unasked. */
function opener(address, name) {
  const attributes = { href: address, target: "_blank", rel: "noopener", "aria-label": say("file.open.name", { name }) };
  return h("a", attributes, say("file.open"));
}

function saver(row, address, canBeHad, lack) {
  const { name } = row.file;
  const save = h("a", { href: `${address}?download`, download: name, class: "file-save", "aria-label": say("file.save", { name }) });
  save.append(icon("down"));
  let isAsked = false;
  save.addEventListener("click", async (event) => {
    if (isAsked) return;
    event.preventDefault();
    setText(lack, "");
    const { message, remedy } = ownError("FILE_UNAVAILABLE");
    if (!(await canBeHad(row))) {
      setText(lack, `${message}. ${remedy}`);
      return;
    }
    isAsked = true;
    save.click();
    isAsked = false;
  });
  return save;
}

/** Who has it, as far as it decides whether to ask anew; empty while nothing is known. */
const wordOf = (nodes, size) => (nodes ? `${nodes.nodes} ${nodes.here >= size}` : "");

/** The picture, opened alone by a click; while it can't be had, the line is enough. */
class Picture {
  #image;
  #address;
  #tries = 1;
  #isMissing = false;
  #word;
  /** What was known when it was last asked for; what has become known since then is worth another try. */
  #triedAt;

  constructor(address, name, line, word) {
    this.#address = address;
    this.#word = this.#triedAt = word;
    this.#image = h("img", { class: "file-image", src: address, alt: say("file.alt", { name }), loading: "lazy", decoding: "async" });
    this.link = h("a", { href: address, target: "_blank", rel: "noopener", class: "file-link" }, this.#image);
    this.#image.addEventListener("load", () => {
      this.#isMissing = false;
      this.link.hidden = false;
      line.classList.add("is-caption");
    });
    this.#image.addEventListener("error", () => {
      this.#isMissing = true;
      this.link.hidden = true;
      line.classList.remove("is-caption");
      this.#again();
    });
  }

  /** What is known of its nodes now. */
  heard(nodes, size) {
    if (!nodes) return;
    this.#word = wordOf(nodes, size);
    this.#again();
  }

  /** Try again, if it failed and the nodes are others than at the last try. */
  #again() {
    if (!this.#isMissing || this.#word === this.#triedAt || this.#tries >= PICTURE_TRIES_MAX) return;
    this.#isMissing = false;
    this.#tries += 1;
    this.#triedAt = this.#word;
    this.#image.setAttribute("loading", "eager"); // a lazy one that is hidden is never asked for
    this.#image.setAttribute("src", this.#address);
  }
}
