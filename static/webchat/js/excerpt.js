/**
 * The beginning of a message in one line, as a quote shows it: without marks, with people's names.
 */

import { mentionPieces } from "./mentions.js";

const CHARS_MAX = 140;

/** `nameOf(node id)` names the people who are mentioned. */
export function excerpt(text, nameOf) {
  const named = mentionPieces(text.slice(0, 4 * CHARS_MAX)).map((piece) => (piece.node ? `@${nameOf(piece.node)}` : piece.text));
  const plain = named
    .join("")
    .replace(/^```.*$|^\s*>\s?/gm, "")
    .replace(/(?<![\p{L}\p{N}])(\*{1,3}|_{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1(?![\p{L}\p{N}])/gu, "$2")
    .replace(/\s+/g, " ")
    .trim();
  const chars = [...plain];
  return chars.length > CHARS_MAX ? `${chars.slice(0, CHARS_MAX - 1).join("").trimEnd()}…` : plain;
}
