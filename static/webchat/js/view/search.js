/**
 * Searching a channel in what the own node holds of it, page by page, saying how much that was.
 */

import { found, isHushed } from "../quoting.js";
import { say } from "../strings.js";
import { byId, h, hueClass, setAttribute, setText } from "./dom.js";
import { portrait } from "./portrait.js";

const lang = document.documentElement.lang || "en";
const when = new Intl.DateTimeFormat(lang, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(lang, { dateStyle: "long" });

export class SearchView {
  #source;
  #form = byId("search-form");
  #field = byId("search-words");
  #note = byId("search-note");
  #list = byId("search-found");
  #more = byId("search-more");
  #channel = null;
  #asked = null;

  /** `source`: `search(channel, words, before)`, `people(channel)`, `nameOf(message)`, `who(message)`, `jump(message)`. */
  constructor(source) {
    this.#source = source;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#begin();
    });
    this.#more.addEventListener("click", () => this.#ask());
    this.#list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-found]");
      if (button) source.jump(button.parentElement.told.message);
    });
  }

  open(channel) {
    if (channel !== this.#channel) this.#clear();
    this.#channel = channel;
    this.#field.focus();
    this.#field.select();
  }

  /** What was found stays for the next time, and a search that is under way goes on. */
  close() {}

  /** Somebody has a new name, or is blocked or blocked no longer. */
  refresh() {
    for (const item of this.#list.children) this.#draw(item.firstElementChild, item.told);
  }

  #clear() {
    this.#asked = null;
    this.#field.value = "";
    this.#list.replaceChildren();
    this.#more.hidden = true;
    setText(this.#note, "");
  }

  #begin() {
    const words = this.#field.value.trim();
    if (!words) return;
    this.#list.replaceChildren();
    this.#more.hidden = true;
    this.#asked = { channel: this.#channel, words, before: null, searched: 0, found: 0, isRunning: false };
    this.#ask();
  }

  async #ask() {
    const asked = this.#asked;
    if (!asked || asked.isRunning) return;
    setText(this.#note, say("search.running"));
    this.#setRunning(asked, true);
    try {
      const page = await this.#source.search(asked.channel, asked.words, asked.before);
      if (asked === this.#asked) this.#add(asked, page);
    } catch (error) {
      if (asked === this.#asked) setText(this.#note, say("search.failed", { reason: error.message }));
    }
    this.#setRunning(asked, false);
  }

  /** The button keeps the focus while it can't be pressed. */
  #setRunning(asked, isRunning) {
    asked.isRunning = isRunning;
    if (asked === this.#asked) setAttribute(this.#more, "aria-disabled", String(isRunning));
  }

  #add(asked, { messages, searched, since_ms, next }) {
    asked.before = next;
    asked.searched += searched;
    asked.found += messages.length;
    const items = messages.map((message) => this.#item(message, asked.words));
    this.#list.append(...items);
    const values = { n: asked.found, searched: asked.searched, day: since_ms ? day.format(since_ms) : "" };
    const all = asked.searched === 1 ? "search.only" : "search.all";
    setText(this.#note, say(next ? "search.so.far" : all, values));
    this.#goOn(items, !next);
    this.#more.hidden = !next;
  }

  /** Whoever pressed the button goes on at the first that it brought. */
  #goOn(items, isAll) {
    if (document.activeElement !== this.#more) return;
    const item = items[0] ?? (isAll ? this.#list.lastElementChild : null);
    if (item) item.firstElementChild.focus();
    else if (isAll) this.#field.focus();
  }

  #item(message, words) {
    const button = h("button", { type: "button", class: "found", "data-found": message.id });
    const item = h("li", {}, button);
    item.told = { message, words };
    this.#draw(button, item.told);
    return item;
  }

  #draw(button, { message, words }) {
    const people = this.#source.people(message.channel);
    const pieces = found(message, words, people);
    const shown = JSON.stringify([this.#source.who(message), pieces]);
    if (button.shown === shown) return;
    button.shown = shown;
    const name = h("span", { class: `member-name ${hueClass(message.author)}` }, this.#source.nameOf(message));
    const time = h("time", { datetime: new Date(message.at_ms).toISOString() }, when.format(message.at_ms));
    const text = h("span", { class: "found-text" }, ...pieces.map((piece) => (piece.isMarked ? h("mark", {}, piece.text) : piece.text)));
    text.classList.toggle("is-hushed", isHushed(message, people));
    const picture = h("span", { class: "member-picture" }, portrait(this.#source.who(message)));
    const body = h("span", { class: "found-words" }, h("span", { class: "found-byline" }, name, " ", time), text);
    button.replaceChildren(picture, body);
  }
}
