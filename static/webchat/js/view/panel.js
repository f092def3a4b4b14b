/**
 * The panel beside the conversation: people, search or the channel itself, one at a time; on small screens it
 * covers the page.
 *
 * The button that opens it says whether it is open; where the focus was before goes the focus when it closes.
 */

import { say } from "../strings.js";
import { byId, setAttribute, setText } from "./dom.js";

export class Panel {
  #panel = byId("panel");
  #title = byId("panel-title");
  #views;
  #shown = null;
  #before = null;

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
    if (!this.#panel.contains(document.activeElement)) this.#before = document.activeElement;
    this.#shown = name;
    this.#draw();
    this.#views[name].opened();
  }

  /** Opened by a key: the focus goes in, too, so that Escape and Tab are about the panel. */
  enter(name) {
    this.open(name);
    if (!this.#panel.contains(document.activeElement)) byId("panel-close").focus();
  }

  /** Make way for what it covers, as on small screens; what stands beside it stays. */
  uncover(element) {
    const [over, under] = [this.#panel, element].map((each) => each.getBoundingClientRect());
    if (over.left <= under.left && over.right >= under.right) this.close();
  }

  /** Whether there was something to close. */
  close() {
    if (!this.#shown) return false;
    const { button, closed } = this.#views[this.#shown];
    const had = this.#panel.contains(document.activeElement);
    this.#shown = null;
    this.#draw();
    closed();
    if (had) (this.#before?.checkVisibility() && this.#before !== document.body ? this.#before : button).focus();
    return true;
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
