/**
 * The list of channels with unread counts, the field to join one, and the drawer on small screens.
 */

import { channelName } from "../channelname.js";
import { say } from "../strings.js";
import { drawNote } from "./channelnote.js";
import { asMenu, byId, h, oncePerFrame, setAttribute, setText } from "./dom.js";
import { portrait } from "./portrait.js";

const narrow = window.matchMedia("(max-width: 47.5rem)");

export class SidebarView {
  #source;
  #list = byId("channel-list");
  #form = byId("join-form");
  #field = byId("join-name");
  #error = byId("join-error");
  #drawer = byId("sidebar");
  #veil = byId("veil");
  #opener = byId("open-sidebar");
  #buttons = new Map();
  #isOpen = false;

  /** `source`: `channels()`, `current()`, `healthOf(name)`, `open(name)`, `join(name)`. */
  constructor(source) {
    this.#source = source;
    this.redraw = oncePerFrame(() => this.#draw());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.addEventListener("input", () => this.showError(""));
    this.#list.addEventListener("click", (event) => {
      const name = event.target.closest("button")?.dataset.channel;
      if (name) source.open(name);
    });
    this.#opener.addEventListener("click", () => this.setOpen(true));
    this.#veil.addEventListener("click", () => this.setOpen(false));
    document.addEventListener("keydown", (event) => this.#key(event));
    narrow.addEventListener("change", () => this.setOpen(false));
    asMenu(byId("me-menu"));
    this.setOpen(false);
  }

  /** On the whole page: what had the focus in the drawer may be gone. A dialog above it closes first. */
  #key(event) {
    if (event.key !== "Escape" || event.defaultPrevented || !this.#isOpen || !narrow.matches) return;
    if (!document.querySelector("dialog[open]")) this.setOpen(false);
  }

  /** Slide the drawer in or out; on wide screens it is always there. */
  setOpen(isOpen) {
    const isSheet = narrow.matches;
    const forced = this.#source.current() === null;
    const had = this.#drawer.contains(document.activeElement);
    this.#isOpen = isSheet && (isOpen || forced);
    this.#drawer.classList.toggle("is-open", this.#isOpen);
    this.#drawer.inert = isSheet && !this.#isOpen;
    byId("main").inert = this.#isOpen;
    this.#veil.hidden = !this.#isOpen || forced;
    setAttribute(this.#opener, "aria-expanded", String(this.#isOpen));
    if (this.#isOpen && isOpen) this.#field.focus();
    else if (had && this.#drawer.inert) this.#opener.focus();
  }

  focusField() {
    this.setOpen(true);
    this.#field.focus();
  }

  /** Who is signed in: `{id, name, picture}`. */
  showMe(me) {
    setText(byId("me-name"), me.name);
    byId("me-picture").replaceChildren(portrait(me));
  }

  /** Why a channel could not be joined. */
  showError(text) {
    setText(this.#error, text);
    this.#error.hidden = !text;
    setAttribute(this.#field, "aria-invalid", text ? "true" : null);
  }

  #submit() {
    const name = channelName(this.#field.value);
    if (name === null) {
      this.showError(say("channels.invalid"));
      this.#field.focus();
      return;
    }
    this.#field.value = "";
    this.showError("");
    this.#source.join(name);
  }

  #draw() {
    const channels = this.#source.channels();
    const names = new Set(channels.map((channel) => channel.name));
    for (const [name, button] of this.#buttons) {
      if (names.has(name)) continue;
      button.parentElement.remove();
      this.#buttons.delete(name);
    }
    let next = this.#list.firstElementChild;
    for (const channel of channels) {
      const item = this.#buttonOf(channel).parentElement;
      if (item === next) next = next.nextElementSibling;
      else this.#list.insertBefore(item, next);
    }
    byId("no-channels").hidden = channels.length > 0;
  }

  #buttonOf(channel) {
    let button = this.#buttons.get(channel.name);
    if (!button) {
      const parts = [h("span", { class: "channel-name" }, channel.name), h("span", { class: "channel-note" })];
      button = h("button", { type: "button", class: "channel", "data-channel": channel.name }, ...parts);
      h("li", {}, button);
      this.#buttons.set(channel.name, button);
    }
    setAttribute(button, "aria-current", channel.name === this.#source.current() ? "page" : null);
    setAttribute(button, "data-unread", channel.unread || null);
    setAttribute(button, "data-mentions", channel.mentions || null);
    drawNote(button.lastElementChild, channel, this.#source.healthOf(channel.name));
    return button;
  }
}
