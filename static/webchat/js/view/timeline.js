/**
 * The timeline: draws a channel's items once per frame, keeps what is being read in its place.
 *
 * Elements are kept by key, so a row that moves or changes is the same element. At the bottom the view
 * follows new messages; scrolled up, the first visible row stays where it is whatever is put above it.
 */

import { say } from "../strings.js";
import { daysAgo, timelineItems } from "../timeline.js";
import { byId, h, oncePerFrame, setAttribute, setText } from "./dom.js";
import { drawRow, makeRow } from "./row.js";

const BOTTOM_PX = 48;
const OLDER_PX = 600;
const FAR_SCREENS = 1.5;
const lang = document.documentElement.lang || "en";
const longDay = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export class TimelineView {
  #source;
  #scroller = byId("timeline");
  #list = byId("timeline-rows");
  #newest = byId("newest");
  #older = byId("older");
  #elements = new Map();
  #channel = null;
  #stuck = true;
  #size = "";

  /** `source`: `items(channel)`, `nameOf(row)`, `now_ms()`, `olderWanted()`, `read()`, `act(action, id)`. */
  constructor(source) {
    this.#source = source;
    this.redraw = oncePerFrame(() => this.#draw());
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#newest.addEventListener("click", () => this.toBottom());
    this.#older.addEventListener("click", (event) => event.target.closest("button") && source.olderWanted());
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    const resized = new ResizeObserver(() => this.#stuck && this.#jump());
    resized.observe(this.#scroller);
    resized.observe(this.#list);
  }

  /** Whether the newest message is in sight. */
  get isAtBottom() {
    return this.#stuck;
  }

  /** Show another channel; its unread messages are in sight at once. */
  show(channel) {
    this.#channel = channel;
    this.#elements.clear();
    setAttribute(this.#scroller, "aria-busy", "true"); // a channel that opens is not read out
    this.#list.replaceChildren();
    setAttribute(this.#scroller, "aria-label", say("timeline.label", { channel }));
    this.#stuck = true;
    this.#draw();
    requestAnimationFrame(() => this.#scroller.removeAttribute("aria-busy"));
  }

  /** Follow new messages from here on; drawn at once, so that it is on the screen with the next frame. */
  toBottom() {
    this.#stuck = true;
    this.#draw();
  }

  /** Put the focus on a row's first button. */
  focusRow(id) {
    this.#elements.get(id)?.querySelector("button")?.focus();
  }

  #draw() {
    if (this.#channel === null) return;
    const rows = this.#source.rows(this.#channel);
    const anchor = this.#stuck ? null : this.#anchor();
    this.#place(timelineItems(rows));
    this.#drawOlder(rows);
    if (anchor) this.#scroller.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    else this.#jump();
    this.#settle();
  }

  /** Bring the list's children to the items, in their order, moving as few as possible. */
  #place(items) {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, element] of this.#elements) {
      if (keys.has(key)) continue;
      element.remove();
      this.#elements.delete(key);
    }
    let next = this.#list.firstChild;
    for (const item of items) {
      const element = this.#elementOf(item);
      if (element === next) next = next.nextSibling;
      else this.#list.insertBefore(element, next);
    }
  }

  #elementOf(item) {
    let element = this.#elements.get(item.key);
    if (!element) {
      element = item.kind === "day" ? h("p", { class: "day" }, h("span")) : makeRow(item.row);
      this.#elements.set(item.key, element);
    }
    const now_ms = this.#source.now_ms();
    if (item.kind === "day") setText(element.firstChild, dayWords(item.at_ms, now_ms));
    else drawRow(element, { ...item, name: this.#source.nameOf(item.row), now_ms });
    return element;
  }

  #drawOlder(rows) {
    const { older } = this.#source.channel(this.#channel);
    const words = {
      idle: "",
      loading: say("timeline.loading"),
      stuck: say("timeline.stuck"),
      none: rows.length ? say("timeline.start", { channel: this.#channel }) : "",
    }[older];
    if (this.#older.shown === `${older} ${words}`) return;
    this.#older.shown = `${older} ${words}`;
    const again = older === "stuck" ? h("button", { type: "button", class: "quiet" }, say("timeline.again")) : null;
    this.#older.replaceChildren(words, ...(again ? [" ", again] : []));
  }

  /** The first row in sight, and where it stands. */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    for (const element of this.#list.children) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top && this.#elements.has(element.dataset.msgId)) return { element, top: box.top };
    }
    return null;
  }

  #jump() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight, clientWidth } = this.#scroller;
    const size = `${clientWidth} ${clientHeight}`;
    // A window that changes its size scrolls too; that is nobody's wish to leave the bottom.
    if (size === this.#size) this.#stuck = scrollHeight - scrollTop - clientHeight <= BOTTOM_PX;
    this.#size = size;
    this.#settle();
  }

  /** After drawing and after scrolling: what is read, what is to be loaded, the way down. */
  #settle() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (this.#stuck) this.#source.read();
    const state = this.#source.channel(this.#channel);
    if (state.older === "idle" && scrollTop < OLDER_PX) this.#source.olderWanted();
    const far = scrollHeight - scrollTop - clientHeight > clientHeight * FAR_SCREENS;
    const words = state.unread ? say("timeline.new", { n: state.unread }) : say("timeline.newest");
    this.#newest.hidden = this.#stuck || !(far || state.unread);
    setText(this.#newest.lastElementChild, words);
  }

  #clicked(event) {
    const button = event.target.closest("button[data-action]");
    const row = button?.closest("[data-msg-id]");
    if (row) this.#source.act(button.dataset.action, row.dataset.msgId);
  }
}

function dayWords(at_ms, now_ms) {
  const ago = daysAgo(at_ms, now_ms);
  if (ago === 0) return say("timeline.today");
  return ago === 1 ? say("timeline.yesterday") : longDay.format(at_ms);
}
