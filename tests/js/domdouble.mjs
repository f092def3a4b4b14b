/** As much of a document as a list of buttons needs: a tree, texts, attributes, events of one place, and one focus. */

class ClassesDouble {
  #names = new Set();

  add = (name) => this.#names.add(name);
  remove = (name) => this.#names.delete(name);
  contains = (name) => this.#names.has(name);
  toggle = (name, isOn) => (isOn ? this.add(name) : this.remove(name));
}

class ElementDouble {
  parent = null;
  children = [];
  dataset = {};
  classList = new ClassesDouble();
  #attributes = new Map();
  #listeners = new Map();
  #document;

  constructor(owner, tag) {
    this.#document = owner;
    this.tag = tag;
  }

  get textContent() {
    return this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  }

  set textContent(text) {
    this.children = [text];
  }

  get firstChild() {
    return this.children[0];
  }

  get firstElementChild() {
    return this.children.find((child) => typeof child !== "string") ?? null;
  }

  get parentElement() {
    return this.parent;
  }

  get nextElementSibling() {
    return this.parent?.children[this.parent.children.indexOf(this) + 1] ?? null;
  }

  setAttribute(name, value) {
    this.#attributes.set(name, String(value));
    if (name.startsWith("data-")) this.dataset[name.slice("data-".length)] = String(value);
  }

  getAttribute(name) {
    return this.#attributes.get(name) ?? null;
  }

  get lastElementChild() {
    return this.children.findLast((child) => typeof child !== "string") ?? null;
  }

  appendChild(child) {
    this.append(child);
    return child;
  }

  removeAttribute(name) {
    this.#attributes.delete(name);
    if (name.startsWith("data-")) delete this.dataset[name.slice("data-".length)];
  }

  append(...children) {
    for (const child of children) this.insertBefore(child, null);
  }

  prepend(child) {
    this.insertBefore(child, this.children[0] ?? null);
  }

  /** What is moved loses the focus, as in a browser. */
  insertBefore(child, before) {
    if (typeof child !== "string") {
      child.remove();
      child.parent = this;
    }
    this.children.splice(before ? this.children.indexOf(before) : this.children.length, 0, child);
  }

  replaceChildren(...children) {
    for (const child of [...this.children]) child.remove();
    this.append(...children);
  }

  remove() {
    if (!this.parent) return;
    if (this.contains(this.#document.activeElement)) this.#document.activeElement = this.#document.body;
    this.parent.children = this.parent.children.filter((each) => each !== this);
    this.parent = null;
  }

  contains(other) {
    for (let each = other; each; each = each.parent) if (each === this) return true;
    return false;
  }

  focus() {
    this.#document.activeElement = this;
  }

  addEventListener(name, act) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), act]);
  }

  /** What the browser does when something happens to this element alone. */
  fire(name, event) {
    for (const act of this.#listeners.get(name) ?? []) act(event);
  }

  all(tag) {
    return this.children.flatMap((child) => (child.all ? [...(child.tag === tag ? [child] : []), ...child.all(tag)] : []));
  }

  querySelector(tag) {
    return this.all(tag)[0] ?? null;
  }
}

/** A document with an element for each id, children of its body; frames are drawn at once. */
export function documentDouble(...ids) {
  const owner = { hidden: false, documentElement: { lang: "en" } };
  const made = (tag) => new ElementDouble(owner, tag);
  owner.body = owner.activeElement = made("body");
  const known = new Map(ids.map((id) => [id, made("div")]));
  owner.body.append(...known.values());
  const itself = made("html");
  const events = { addEventListener: (...given) => itself.addEventListener(...given), fire: (...given) => itself.fire(...given) };
  const making = { createElement: made, createElementNS: (_, tag) => made(tag), getElementById: (id) => known.get(id) };
  return Object.assign(owner, events, making);
}
