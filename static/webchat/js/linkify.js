/**
 * A text as a list of plain pieces and links; only http and https, and never as markup.
 *
 * The result is put on the page as text nodes and `href`s, so nothing in a message is ever parsed as
 * HTML. Punctuation that ends a sentence, and a bracket that was opened before the link, stay outside.
 */

const LINK = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f\u007f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/gi;
const CLOSERS = { ")": "(", "]": "[", "}": "{" };

function trimmed(link) {
  const unclosed = { "(": 0, "[": 0, "{": 0 };
  for (const char of link) {
    if (char in unclosed) unclosed[char] += 1;
    else if (char in CLOSERS) unclosed[CLOSERS[char]] -= 1;
  }
  let end = link.length;
  for (; end > 0; end -= 1) {
    const last = link[end - 1];
    const isUnopened = last in CLOSERS && unclosed[CLOSERS[last]] < 0;
    if (!isUnopened && !/[.,;:!?*_~|…]/.test(last)) break;
    if (isUnopened) unclosed[CLOSERS[last]] += 1;
  }
  return link.slice(0, end);
}

/** The address of a link, or null when it is none that a browser may open. */
function safeHref(link) {
  try {
    const url = new URL(link);
    const web = url.protocol === "http:" || url.protocol === "https:";
    return web && url.hostname && !url.username && !url.password ? url.href : null;
  } catch {
    return null; // not an address: it stays text
  }
}

/** `[{text}, {text, href}, …]`; the texts together are the text. */
export function linkify(text) {
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const link = trimmed(match[0]);
    const href = safeHref(link);
    if (!href) continue;
    if (match.index > from) pieces.push({ text: text.slice(from, match.index) });
    pieces.push({ text: link, href });
    from = match.index + link.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}
