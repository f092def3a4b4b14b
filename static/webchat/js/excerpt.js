/**
 * A message in one line, as a quote or a search shows it: without Markdown's marks, with people's names.
 */

import { mentionPieces } from "./mentions.js";

const CHARS_MAX = 140;
const NESTED_MAX = 3;

/** The beginning of it; `nameOf(node id)` names the people who are mentioned. */
export function excerpt(text, nameOf) {
  const plain = inOneLine(withNames(text.slice(0, 4 * CHARS_MAX), nameOf));
  const chars = [...plain];
  return chars.length > CHARS_MAX ? `${chars.slice(0, CHARS_MAX - 1).join("").trimEnd()}…` : plain;
}

/** A text with people's names in place of their ids. */
export function withNames(text, nameOf) {
  return mentionPieces(text)
    .map((piece) => (piece.node ? `@${nameOf(piece.node)}` : piece.text))
    .join("");
}

/** A text without marks in one line; in time that grows with the square of its length, so cut it first. */
export function inOneLine(text) {
  let plain = text.replace(/^```.*$|^\s*>\s?/gm, "");
  for (let depth = 0; depth < NESTED_MAX; depth += 1)
    plain = plain.replace(/(?<![\p{L}\p{N}])(\*{1,3}|_{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1(?![\p{L}\p{N}])/gu, "$2");
  return plain.replace(/\s+/g, " ").trim();
}
