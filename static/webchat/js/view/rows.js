/**
 * A long list of items on the page, of which only those around what is in sight are elements.
 *
 * An item's element is kept as long as it is on the page, so one that moves or changes is the same. Whatever
 * is drawn, measured or loaded, what is being read stays where it is: the first item in sight is looked
 * for before and put back after (`#hold`), or the end is held when `isStuck`.
 */

import { MARGIN_IN_HASTE_ITEMS, MARGIN_ITEMS, Window } from "../window.js";
import { h, passFocus } from "./dom.js";

/** No item is less high. */
const LEAST_PX = 24;
/** After a leap the window is as wide as it should be when nothing has been scrolled for so long. */
const REST_MS = 100;

export class Rows {
  isStuck = true;
  #scroller;
  #list;
  #make;
  #draw;
  #window = new Window();
  #items = [];
  #elements = new Map();
  #above = h("div", { "aria-hidden": "true" });
  #below = h("div", { "aria-hidden": "true" });
  #width = 0;
  #height = 0;
  #held = null;
  #resting = 0;

  /** `make(item)` returns an element, `draw(element, item)` brings it to what the item says. */
  constructor(scroller, list, make, draw) {
    this.#scroller = scroller;
    this.#list = list;
    this.#make = make;
    this.#draw = draw;
    this.clear();
    const resized = new ResizeObserver(() => this.#resized());
    resized.observe(scroller);
    resized.observe(list);
  }

  /** Another list comes. */
  clear() {
    this.#elements.clear();
    this.#items = [];
    this.#held = null;
    this.#window.setKeys([]);
    this.#window.forget();
    this.#list.replaceChildren(this.#above, this.#below);
  }

  element(key) {
    return this.#elements.get(key);
  }

  /** The items are these now. */
  show(items) {
    const anchor = this.isStuck ? null : this.#anchor();
    this.#items = items;
    this.#window.setKeys(items.map((item) => item.key));
    this.#around(anchor);
    this.#hold(anchor);
  }

  /** After scrolling: other items may be needed. */
  scrolled() {
    const { first, last } = this.inSight;
    clearTimeout(this.#resting);
    if (!this.#window.isNarrow(first, last)) this.#remember();
    else {
      const anchor = this.isStuck ? null : this.#anchor();
      const isLeap = this.#window.isElsewhere(first, last) && !this.isStuck;
      this.#quietly(() => this.#around(anchor, true, isLeap ? MARGIN_IN_HASTE_ITEMS : MARGIN_ITEMS));
      this.#hold(anchor);
      if (isLeap) this.#resting = setTimeout(() => this.scrolled(), REST_MS);
    }
  }

  /** Put an item at a part of the height from the top; 0 is the top. */
  scrollTo(key, part) {
    const index = this.#items.findIndex((item) => item.key === key);
    if (index < 0) return;
    this.isStuck = false;
    const anchor = { key, top: this.#scroller.getBoundingClientRect().top + part * this.#scroller.clientHeight };
    this.#around(anchor, true);
    this.#hold(anchor);
  }

  /** Do something that changes heights; one element stays where it is, the end is not followed for it. */
  keeping(element, act) {
    const { top } = element.getBoundingClientRect();
    this.isStuck = false;
    act();
    const by = element.getBoundingClientRect().top - top;
    if (Math.abs(by) >= 0.5) this.#scroller.scrollTop += by;
    this.#measure();
    this.#remember();
  }

  /** The indices of the first and the last item in sight, as far as heights are known. */
  get inSight() {
    const px = this.#scroller.getBoundingClientRect().top - this.#list.getBoundingClientRect().top;
    const first = this.#window.at(px).index;
    return { first, last: Math.max(first, this.#window.at(px + this.#scroller.clientHeight - 1).index) };
  }

  /**
   * The first item that is in sight, or null, and where its element stands; not the list's first message, which
   * loses its head when older ones come, so that all below it would move.
   */
  #anchor() {
    const top = this.#scroller.getBoundingClientRect().top;
    const px = top - this.#list.getBoundingClientRect().top;
    const { index, into } = this.#window.at(Math.max(0, px));
    for (let at = Math.max(0, index - 2); at < this.#items.length; at += 1) {
      const element = this.#elements.get(this.#items[at].key);
      if (!element) break;
      const box = element.getBoundingClientRect();
      if (box.bottom <= top || this.#items[at].kind !== "row") continue;
      const next = this.#items[at + 1];
      const below = this.#isFirstRow(at) && next?.kind === "row" ? this.#elements.get(next.key) : null;
      if (below) return { key: next.key, top: below.getBoundingClientRect().top };
      return { key: this.#items[at].key, top: box.top };
    }
    return this.#items[index] ? { key: this.#items[index].key, top: top - into } : null;
  }

  #isFirstRow(at) {
    return this.#items.slice(0, at).every((item) => item.kind !== "row");
  }

  /** Have the elements around an anchor, or of the end, on the page, and measure them; `isSame`: only their window moves. */
  #around(anchor, isSame = false, margin = MARGIN_ITEMS) {
    const rows = this.#window;
    const size = rows.size;
    const index = anchor ? this.#items.findIndex((item) => item.key === anchor.key) : size - 1;
    const span = Math.ceil(this.#scroller.clientHeight / LEAST_PX);
    const first = anchor ? (index < 0 ? this.inSight.first : index) : size - span;
    rows.centre(Math.max(0, first), Math.max(0, first) + span, margin);
    this.#place(this.#items.slice(rows.from, rows.to), isSame);
    this.#measure();
    this.#above.style.height = `${rows.above}px`;
    this.#below.style.height = `${rows.below}px`;
  }

  /** Bring the list's children to the items, in their order, moving as few as possible; `isSame`: no item is new. */
  #place(items, isSame) {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, element] of this.#elements) {
      if (keys.has(key)) continue;
      passFocus(element, this.#scroller);
      element.remove();
      this.#elements.delete(key);
    }
    let next = this.#above.nextSibling;
    for (const item of items) {
      const known = this.#elements.get(item.key);
      const element = known ?? this.#make(item);
      this.#elements.set(item.key, element);
      if (!known || !isSame) this.#draw(element, item);
      if (element === next) next = next.nextSibling;
      else this.#list.insertBefore(element, next);
    }
  }

  /** True: something has another height than was known. */
  #measure() {
    const { from, to } = this.#window;
    const tops = [];
    for (let at = from; at < to; at += 1) tops.push(this.#elements.get(this.#items[at].key).getBoundingClientRect().top);
    tops.push(this.#below.getBoundingClientRect().top);
    return this.#window.measured(tops.slice(1).map((top, at) => [this.#items[from + at].key, top - tops[at]]));
  }

  #hold(anchor) {
    if (this.isStuck) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    else if (anchor) {
      const element = this.#elements.get(anchor.key);
      const by = element ? element.getBoundingClientRect().top - anchor.top : 0;
      if (Math.abs(by) >= 0.5) this.#scroller.scrollTop += by;
    }
    this.#remember();
  }

  #remember() {
    this.#held = this.isStuck ? null : this.#anchor();
  }

  /** Something on the page has another height, as when a picture is there: stay with what is being read. */
  #resized() {
    const { clientWidth, clientHeight } = this.#scroller;
    if (clientWidth !== this.#width) this.#window.forget();
    const isOther = clientWidth !== this.#width || clientHeight !== this.#height;
    [this.#width, this.#height] = [clientWidth, clientHeight];
    if (this.#items.length > 0 && (this.#measure() || isOther)) this.#hold(this.#held);
  }

  /** Rows that come and go by scrolling are not news, so they are not read out. */
  #quietly(act) {
    this.#scroller.setAttribute("aria-busy", "true");
    act();
    requestAnimationFrame(() => this.#scroller.removeAttribute("aria-busy"));
  }
}
