/**
 * The list of people that opens above the composer after an `@`: arrows choose, Enter or Tab takes, Escape closes.
 *
 * While it is open the field says that it has a list (a field of several lines can't be a combobox); the focus stays
 * in the field, and what is chosen is its active descendant.
 */

import { fitting, queryAt } from "../mentions.js";
import { say } from "../strings.js";
import { byId, h, hueClass, setAttribute, setText } from "./dom.js";
import { nameMarks } from "./namemarks.js";
import { portrait } from "./portrait.js";

export class MentionList {
  #field;
  #list = byId("mention-list");
  #count = byId("mention-count");
  #people;
  #who;
  #take;
  #found = [];
  #query = null;
  #at = 0;

  /**
   * `people()` are those who can be mentioned, `who(id)` how one looks, `take(person, from, to)` puts one in place of
   * what is there.
   */
  constructor(field, { people, who, take }) {
    this.#who = who;
    this.#field = field;
    this.#people = people;
    this.#take = take;
    setAttribute(this.#list, "aria-label", say("mention.label"));
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    this.#list.addEventListener("click", (event) => this.#chosen(event.target.closest("[role=option]")));
    field.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  /** The text or the caret has changed. */
  update() {
    const { value, selectionStart, selectionEnd } = this.#field;
    this.#query = selectionStart === selectionEnd ? queryAt(value, selectionStart) : null;
    this.#found = this.#query ? fitting(this.#people(), this.#query.query) : [];
    this.#at = 0;
    this.#draw();
  }

  close() {
    this.#found = [];
    this.#draw();
  }

  /** True when the key was for the list. */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    const n = this.#found.length;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown") this.#move((this.#at + 1) % n);
    else if (event.key === "ArrowUp") this.#move((this.#at + n - 1) % n);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey) this.#taken(this.#found[this.#at]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #move(at) {
    this.#at = at;
    this.#draw();
  }

  #chosen(option) {
    if (option) this.#taken(this.#found[[...this.#list.children].indexOf(option)]);
  }

  #taken(person) {
    const { from, query } = this.#query;
    this.close();
    this.#take(person, from, from + 1 + query.length);
  }

  #draw() {
    const isOpen = this.#found.length > 0;
    this.#list.replaceChildren(...this.#found.map((person, at) => option(person, this.#who(person.id), at, at === this.#at)));
    this.#list.hidden = !isOpen;
    setAttribute(this.#field, "aria-haspopup", isOpen ? "listbox" : null);
    setAttribute(this.#field, "aria-controls", isOpen ? this.#list.id : null);
    setAttribute(this.#field, "aria-autocomplete", isOpen ? "list" : null);
    setAttribute(this.#field, "aria-activedescendant", isOpen ? optionId(this.#at) : null);
    this.#list.children[this.#at]?.scrollIntoView({ block: "nearest" });
    setText(this.#count, isOpen ? say("mention.count", { n: this.#found.length }) : "");
  }
}

const optionId = (at) => `mention-${at}`;

function option({ id, name }, who, at, isChosen) {
  const attributes = { role: "option", id: optionId(at), class: "mention-option", "aria-selected": String(isChosen) };
  const picture = h("span", { class: "mention-picture" }, portrait(who));
  return h("li", attributes, picture, h("span", {}, h("span", { class: hueClass(id) }, name), ...nameMarks(who)));
}
