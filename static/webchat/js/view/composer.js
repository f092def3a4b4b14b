/**
 * Where people write: Enter sends, Shift+Enter begins a line, drafts stay with their channel.
 *
 * On sending the field is empty and focused at once; the button is disabled until the message has been
 * handed over. Enter works meanwhile too: the outbox keeps the order.
 */

import { say } from "../strings.js";
import { measured } from "../textlimit.js";
import { byId, setText } from "./dom.js";

export class ComposerView {
  #form = byId("composer");
  #label = byId("composer-label");
  #text = byId("composer-text");
  #note = byId("composer-note");
  #button = byId("send");
  #send;
  #drafts;
  #max_bytes;
  #channel = null;
  #isBusy = false;

  /** `send(channel, text)`; `drafts`: `get(key)`, `set(key, value)`. */
  constructor({ send, drafts, max_bytes }) {
    this.#send = send;
    this.#drafts = drafts;
    this.#max_bytes = max_bytes;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#text.addEventListener("keydown", (event) => this.#key(event));
    this.#text.addEventListener("input", () => this.#edited());
  }

  /** Write to another channel; null: to none. */
  show(channel) {
    this.#channel = channel;
    this.#form.hidden = channel === null;
    if (channel === null) return;
    setText(this.#label, say("composer.label", { channel }));
    this.#text.value = this.#drafts.get(`draft ${channel}`) ?? "";
    this.#edited();
  }

  focus() {
    this.#text.focus();
  }

  /** A message is being handed over to the node. */
  setBusy(isBusy) {
    this.#isBusy = isBusy;
    this.#able();
  }

  /** Put a text back, before what has been written since. */
  restore(channel, text) {
    const draft = channel === this.#channel ? this.#text.value : (this.#drafts.get(`draft ${channel}`) ?? "");
    const both = draft ? `${text}\n${draft}` : text;
    this.#drafts.set(`draft ${channel}`, both);
    if (channel !== this.#channel) return;
    this.#text.value = both;
    this.#edited();
    this.focus();
  }

  #key(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit() {
    const text = this.#text.value;
    this.focus();
    if (!text.trim() || measured(text, this.#max_bytes).isOver) return;
    this.#text.value = "";
    this.#edited();
    this.#send(this.#channel, text);
  }

  #edited() {
    this.#drafts.set(`draft ${this.#channel}`, this.#text.value);
    this.#grow();
    const { left, isOver, isNear } = measured(this.#text.value, this.#max_bytes);
    const words = isOver ? say("composer.long", { n: -left }) : isNear ? say("composer.left", { n: left }) : "";
    setText(this.#note, words);
    this.#note.hidden = !words;
    this.#note.classList.toggle("is-error", isOver);
    this.#text.setAttribute("aria-invalid", String(isOver));
    this.#able();
  }

  #able() {
    this.#button.disabled = this.#isBusy || measured(this.#text.value, this.#max_bytes).isOver;
  }

  #grow() {
    this.#text.style.height = "auto";
    this.#text.style.height = `${this.#text.scrollHeight}px`;
  }
}
