/**
 * Choosing files, dropping or pasting them, and the list of those that are on their way.
 */

import { sizeWords } from "../files.js";
import { say } from "../strings.js";
import { byId, h, icon, passFocus, setText } from "./dom.js";
import { Dropping } from "./dropping.js";

const FORMATTED = ["text/html", "text/rtf"];

/**
 * Whether what was copied is text: programs lay a picture of formatted text beside it. A file manager lays a file's
 * path beside the file, as plain text alone.
 */
const isText = (types) => types.includes("text/plain") && FORMATTED.some((type) => types.includes(type));

export class UploadList {
  #source;
  #list = byId("uploads");
  #field = byId("attach-file");
  #items = new Map();

  /** `source`: `uploads()` of the open channel, `mayShare()`, `share(files)`, `retry(id)`, `cancel(id)`. */
  constructor(source) {
    this.#source = source;
    byId("attach").addEventListener("click", () => this.#field.click());
    this.#field.addEventListener("change", () => {
      source.share([...this.#field.files]);
      this.#field.value = "";
    });
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    new Dropping({ mayTake: source.mayShare, take: source.share });
    byId("composer-text").addEventListener("paste", (event) => {
      const { files, types } = event.clipboardData;
      if (isText(types) || files.length === 0) return;
      event.preventDefault();
      source.share([...files]);
    });
  }

  #clicked(event) {
    const button = event.target.closest("button");
    const id = button?.closest("li").dataset.upload;
    if (!id) return;
    if (button.dataset.act === "retry") this.#source.retry(id);
    else this.#source.cancel(id);
    byId("attach").focus();
  }

  redraw() {
    const uploads = this.#source.uploads();
    const shown = new Set(uploads.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (shown.has(id)) continue;
      passFocus(item, byId("attach"));
      item.remove();
      this.#items.delete(id);
    }
    for (const upload of uploads) {
      if (!this.#items.has(upload.id)) this.#items.set(upload.id, this.#list.appendChild(made(upload)));
      draw(this.#items.get(upload.id), upload);
    }
    this.#list.hidden = uploads.length === 0;
  }
}

function made({ id, name, size }) {
  const bar = h("progress", { class: "upload-bar", max: size, "aria-label": say("upload.progress", { name }) });
  const words = h("span", { class: "upload-words", role: "status" });
  const retry = h("button", { type: "button", class: "action", "data-act": "retry" }, icon("retry"), say("row.retry"));
  const cancel = h("button", { type: "button", class: "action", "data-act": "cancel" }, icon("discard"), h("span"));
  const item = h("li", { class: "upload", "data-upload": id }, h("span", { class: "upload-name" }, name), bar, words, retry, cancel);
  return Object.assign(item, { bar, words, retry, cancel });
}

function draw({ bar, words, retry, cancel, dataset }, { size, sent, state, error }) {
  dataset.state = state;
  bar.value = sent;
  const isFailed = state === "failed";
  const values = { sent: sizeWords(sent), size: sizeWords(size) };
  const waits = error?.code === "RATE_LIMITED" ? "upload.paced" : "upload.unlinked";
  const told = { waiting: error ? waits : "upload.waiting", sending: sent < size ? "upload.sending" : "upload.checking" };
  const why = isFailed ? say("upload.failed", { reason: error.message, remedy: error.remedy ?? "" }) : say(told[state], values);
  setText(words, why);
  bar.hidden = isFailed;
  retry.hidden = !isFailed;
  setText(cancel.lastElementChild, say(isFailed ? "row.discard" : "row.cancel"));
}
