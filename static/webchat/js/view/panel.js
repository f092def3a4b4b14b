/**
 * The panel beside the conversation: people or search, one at a time; on small screens it covers the page.
 *
 * The button that opens it says whether it is open and takes the focus back when it closes.
 */

import { say } from "../strings.js";
import { byId, setAttribute, setText } from "./dom.js";

export class Panel {
  #panel = byId("panel");
  #title = byId("panel-title");
  #views;
  #shown = null;

  /** `views`: name -> `{ button, body, title, opened(), closed() }`. */
  constructor(views) {
    this.#views = views;
    for (const [name, { button }] of Object.entries(views))
      button.addEventListener("click", () => (this.#shown === name ? this.close() : this.open(name)));
    byId("panel-close").addEventListener("click", () => this.close());
    this.#panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.close();
    });
    this.#draw();
  }

  get shown() {
    return this.#shown;
  }

  open(name) {
    if (this.#shown && this.#shown !== name) this.#views[this.#shown].closed();
    this.#shown = name;
    this.#draw();
    this.#views[name].opened();
  }

  /** Another channel is shown: what stands in the panel is not about it. */
  close() {
    if (!this.#shown) return;
    const { button, closed } = this.#views[this.#shown];
    const had = this.#panel.contains(document.activeElement);
    this.#shown = null;
    this.#draw();
    closed();
    if (had) button.focus();
  }

  #draw() {
    this.#panel.hidden = this.#shown === null;
    for (const [name, { button, body }] of Object.entries(this.#views)) {
      body.hidden = name !== this.#shown;
      setAttribute(button, "aria-expanded", String(name === this.#shown));
    }
    if (this.#shown) setText(this.#title, say(this.#views[this.#shown].title));
  }
}
