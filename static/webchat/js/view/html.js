/**
 * The node's HTML of a message as elements: the only text that becomes markup, and only what is listed here.
 *
 * The node has cleaned it already. It is read in a document of its own, where nothing loads and nothing runs,
 * and built anew from `TAGS`: what is not listed never exists on the page, whoever made the HTML.
 */

const TAGS = new Set(
  ["a", "blockquote", "br", "code", "del", "em", "li", "ol", "p", "pre", "s", "span", "strong", "ul"],
);
const ATTRIBUTES = {
  a: { href: /^(https?:\/\/|mailto:)/i },
  ol: { start: /^\d{1,9}$/ },
  span: { class: /^(hl-[a-z0-9]{1,4}|mention)$/, "data-node": /^[0-9a-f]{40}$/ },
  code: { "data-language": /^[^\s"'<>]{1,40}$/ },
};
const LINK = { target: "_blank", rel: "noopener noreferrer nofollow", referrerpolicy: "no-referrer" };

/** The nodes that the HTML describes. */
export function nodesOf(html) {
  const read = new DOMParser().parseFromString(html, "text/html");
  return copies(read.body);
}

const copies = (parent) => [...parent.childNodes].flatMap(copied);

function copied(node) {
  if (node.nodeType === Node.TEXT_NODE) return [document.createTextNode(node.data)];
  if (node.nodeType !== Node.ELEMENT_NODE) return [];
  const tag = node.localName;
  if (!TAGS.has(tag)) return [document.createTextNode(node.textContent)];
  const element = document.createElement(tag);
  for (const [name, allowed] of Object.entries(ATTRIBUTES[tag] ?? {})) {
    const value = node.getAttribute(name);
    if (value !== null && allowed.test(value)) element.setAttribute(name, value);
  }
  if (tag === "a") for (const [name, value] of Object.entries(LINK)) element.setAttribute(name, value);
  element.append(...copies(node));
  return [element];
}
