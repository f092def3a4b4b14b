/**
 * The timeline: draws a channel's items once per frame, and knows what is before somebody's eyes.
 *
 * At the bottom the view follows new messages; scrolled up, what is being read stays where it is. A channel
 * opens at its end, or where the unread begin when there are more of them than the screen shows; until
 * that is decided (`#opening`) nothing counts as seen. One that is empty has opened: what comes is followed.
 */

import { countWords } from "../reading.js";
import { say } from "../strings.js";
import { daysAgo, timelineItems } from "../timeline.js";
import { byId, h, oncePerFrame, passFocus, setAttribute, setText } from "./dom.js";
import { drawRow, makeRow } from "./row.js";
import { Rows } from "./rows.js";

const BOTTOM_PX = 48;
const OLDER_PX = 900;
const SEEN_PX = 24;
/** Items above and below those in sight that should look as they are, too. */
const NEAR_ITEMS = 20;
const FAR_SCREENS = 1.5;
/** Pages that are loaded to find where the unread begin; the node counts to no more. */
const OPENING_PAGES_MAX = 2;
/** Where the line of the new messages comes to stand: at this part of the height. */
const LINE_PART = 0.15;
/** Where a row stands that somebody has jumped to: a third of the height from the top. */
const REVEALED_PART = 1 / 3;
/** Buttons with which a row goes away. */
const TAKES_AWAY = new Set(["cancel", "discard"]);
const lang = document.documentElement.lang || "en";
const longDay = new Intl.DateTimeFormat(lang, { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export class TimelineView {
  #source;
  #scroller = byId("timeline");
  #newest = byId("newest");
  #older = byId("older");
  #rows;
  #items = [];
  #channel = null;
  #opening = null;
  #size = "";

  /**
   * `source`: `rows(name)`, `channel(name)`, `isEmpty(name)`, `who(row)`, `now_ms()`, `olderWanted()` (false: not now),
   * `seen(order)`, `near(rows)`, `around(row)`, `act(action, id, button)`, `fillGap(id)`.
   */
  constructor(source) {
    this.#source = source;
    this.#rows = new Rows(this.#scroller, byId("timeline-rows"), makeItem, (element, item) => this.#drawItem(element, item));
    this.redraw = oncePerFrame(() => this.#draw());
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#newest.addEventListener("click", () => this.toBottom());
    this.#older.addEventListener("click", (event) => event.target.closest("button") && source.olderWanted());
    this.#scroller.addEventListener("click", (event) => this.#clicked(event));
    // The browser scrolls a folded text to what has got the focus or was found in it: whoever goes there reads on.
    const within = ({ target }) => target.matches?.(".text.is-long") && this.#unfoldAt(target);
    this.#scroller.addEventListener("scroll", within, { capture: true, passive: true });
  }

  /** Whether the newest message is in sight. */
  get isAtBottom() {
    return this.#rows.isStuck && this.#opening === null;
  }

  /** The id of the first message in sight. */
  get topId() {
    return this.#items.slice(this.#rows.inSight.first).find((item) => item.kind === "row")?.row.id ?? null;
  }

  /** Show another channel. */
  show(channel) {
    this.#channel = channel;
    this.#rows.clear();
    setAttribute(this.#scroller, "aria-busy", "true"); // a channel that opens is not read out
    setAttribute(this.#scroller, "aria-label", say("timeline.label", { channel }));
    this.#rows.isStuck = true;
    this.startAtLine();
    this.#draw();
    requestAnimationFrame(() => this.#scroller.removeAttribute("aria-busy"));
  }

  /** Who follows the newest messages begins where the unread begin, if these are too many for the screen. */
  startAtLine() {
    if (this.#rows.isStuck) this.#opening = { pages: 0 };
    this.redraw();
  }

  /** Follow new messages from here on; drawn at once, so that it is on the screen with the next frame. */
  toBottom() {
    this.#rows.isStuck = true;
    this.#opening = null;
    this.#draw();
  }

  /** Put the focus on a row's first button. */
  focusRow(id) {
    const row = this.#rows.element(id);
    (row?.querySelector(".actions button") ?? row?.querySelector("button"))?.focus();
  }

  /**
   * Fold a long message or unfold it. What is read stays: unfolded, it goes on where it was cut off; folded,
   * the button, if it is in sight, and all below it stay where they are. Who is at the end then follows it (no
   * scrolling may tell of that).
   */
  fold(row) {
    row.isUnfolded = !row.isUnfolded;
    const element = this.#rows.element(row.id);
    if (!element) return;
    const button = element.querySelector(".fold");
    const isInSight = button.getBoundingClientRect().top < this.#scroller.getBoundingClientRect().bottom;
    this.#rows.keeping(row.isUnfolded || !isInSight ? element : button, () => this.#draw());
    if (row.isUnfolded) return;
    this.#rows.isStuck = this.#isAtEnd();
    this.#settle();
  }

  #unfoldAt(text) {
    const by = text.scrollTop;
    text.scrollTop = 0;
    const item = this.#items.find(({ key }) => key === text.closest("[data-msg-id]").dataset.msgId);
    if (by > 0 && item && !item.row.isUnfolded) this.fold(item.row);
    this.#scroller.scrollTop += by;
    this.#rows.scrolled();
  }

  /** Bring a row into sight and put the focus on it. False: it is not here. */
  reveal(id) {
    this.#opening = null;
    this.#draw();
    this.#rows.scrollTo(id, REVEALED_PART);
    const element = this.#rows.element(id);
    if (!element) return false;
    element.tabIndex = -1;
    element.focus({ preventScroll: true });
    return true;
  }

  #draw() {
    if (this.#channel === null) return;
    const rows = this.#source.rows(this.#channel);
    const state = this.#source.channel(this.#channel);
    this.#items = timelineItems(rows, state.line);
    this.#drawOlder(rows, state);
    this.#rows.show(this.#items);
    if (this.#opening && (rows.length > 0 || this.#source.isEmpty(this.#channel))) this.#open(rows, state);
    this.#settle();
  }

  /** Decide where the channel opens; it may need older messages for that. */
  #open(rows, { line, older }) {
    const at = this.#items.findIndex((item) => item.kind === "line");
    const mayBeOlder = at >= 0 && rows[0].order > line && older !== "none";
    if (mayBeOlder && older === "loading") return;
    if (mayBeOlder && this.#opening.pages < OPENING_PAGES_MAX && this.#source.olderWanted()) {
      this.#opening.pages += 1;
      return;
    }
    this.#opening = null;
    if (at >= 0 && at <= this.#rows.inSight.first) this.#rows.scrollTo(this.#items[at].key, LINE_PART);
  }

  #drawItem(element, item) {
    const now_ms = this.#source.now_ms();
    if (item.kind === "row") this.#drawRow(element, item, now_ms);
    else if (item.kind === "day") setText(element.firstChild, dayWords(item.at_ms, now_ms));
    else if (item.kind === "gap") drawGap(element, item.row);
  }

  #drawRow(element, item, now_ms) {
    drawRow(element, { ...item, who: this.#source.who(item.row), now_ms, ...this.#source.around(item.row) });
  }

  #drawOlder(rows, { older }) {
    const words = {
      idle: "",
      loading: say("timeline.loading"),
      stuck: say("timeline.stuck"),
      none: rows.length ? say("timeline.start", { channel: this.#channel }) : "",
    }[older];
    if (this.#older.shown === `${older} ${words}`) return;
    this.#older.shown = `${older} ${words}`;
    const again = older === "stuck" ? h("button", { type: "button", class: "quiet" }, say("timeline.again")) : null;
    passFocus(this.#older, this.#scroller);
    this.#older.replaceChildren(words, ...(again ? [" ", again] : []));
  }

  #scrolled() {
    const { clientHeight, clientWidth } = this.#scroller;
    const size = `${clientWidth} ${clientHeight}`;
    // A window that changes its size scrolls too; that is nobody's wish to leave the bottom.
    if (size === this.#size) this.#rows.isStuck = this.#isAtEnd();
    this.#size = size;
    this.#rows.scrolled();
    this.#settle();
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight <= BOTTOM_PX;
  }

  /** After drawing and after scrolling: what is read, what is to be loaded, the way down. */
  #settle() {
    if (!this.#opening) this.#seen();
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const state = this.#source.channel(this.#channel);
    if (state.older === "idle" && scrollTop < OLDER_PX) this.#source.olderWanted();
    const { first, last } = this.#rows.inSight;
    const near = this.#items.slice(Math.max(0, first - NEAR_ITEMS), last + NEAR_ITEMS);
    this.#source.near(near.flatMap((item) => (item.kind === "row" ? [item.row] : [])));
    const far = scrollHeight - scrollTop - clientHeight > clientHeight * FAR_SCREENS;
    const words = state.unread ? say("timeline.new", { n: countWords(state.unread) }) : say("timeline.newest");
    const isDown = this.#rows.isStuck || !(far || state.unread);
    if (isDown) passFocus(this.#newest, this.#scroller);
    this.#newest.hidden = isDown;
    setText(this.#newest.lastElementChild, words);
  }

  /** The newest message that is in sight, not only by its edge. */
  #seen() {
    let at = this.#items.length - 1;
    if (!this.#rows.isStuck) {
      at = this.#rows.inSight.last;
      const bottom = this.#scroller.getBoundingClientRect().bottom - SEEN_PX;
      while (at >= 0 && this.#rows.element(this.#items[at].key)?.getBoundingClientRect().top > bottom) at -= 1;
    }
    while (at >= 0 && !this.#items[at].row?.order) at -= 1;
    if (at >= 0) this.#source.seen(this.#items[at].row.order);
  }

  #clicked(event) {
    const gap = event.target.closest("button[data-gap]");
    if (gap) this.#source.fillGap(gap.dataset.gap);
    const button = event.target.closest("button[data-action]");
    const row = button?.closest("[data-msg-id]");
    // The second click of a double one would meet the next row, which has moved up meanwhile.
    if (event.detail > 1 && TAKES_AWAY.has(button?.dataset.action)) return;
    if (row) this.#source.act(button.dataset.action, row.dataset.msgId, button);
  }
}

function makeItem(item) {
  if (item.kind === "row") return makeRow(item.row);
  if (item.kind === "day") return h("p", { class: "day" }, h("span"));
  if (item.kind === "line") return h("p", { class: "line" }, h("span", {}, say("timeline.line")));
  const button = h("button", { type: "button", class: "action", "data-gap": item.row.id }, say("gap.fetch"));
  return h("div", { class: "gap" }, h("span"), button);
}

function drawGap(element, { gap }) {
  setText(element.firstChild, say(`gap.${gap}`));
  setAttribute(element.lastChild, "aria-disabled", String(gap === "loading")); // it keeps the focus meanwhile
}

function dayWords(at_ms, now_ms) {
  const ago = daysAgo(at_ms, now_ms);
  if (ago === 0) return say("timeline.today");
  return ago === 1 ? say("timeline.yesterday") : longDay.format(at_ms);
}
