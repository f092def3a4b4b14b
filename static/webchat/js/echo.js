/**
 * The local echo of a text in the shape that the node's HTML will have, so that nothing jumps when that comes.
 *
 * Only what is certain is taken for more than text: paragraphs between empty lines, code between fences,
 * links and mentions. Everything else stands as it was written until the node has read it.
 */

import { linkify } from "./linkify.js";
import { mentionPieces } from "./mentions.js";

const FENCED = /^```[^\n`]*\n([\s\S]*?)^```[ \t]*$/m;

/** `[{code}, {lines: [[{text}, {text, href}, {node}, …], …]}, …]`. */
export function echoBlocks(text) {
  const blocks = [];
  let rest = text;
  for (let found = FENCED.exec(rest); found; found = FENCED.exec(rest)) {
    blocks.push(...paragraphs(rest.slice(0, found.index)), { code: found[1] });
    rest = rest.slice(found.index + found[0].length);
  }
  return [...blocks, ...paragraphs(rest)];
}

function paragraphs(text) {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.trim())
    .filter(Boolean)
    .map((paragraph) => ({ lines: paragraph.split("\n").map((line) => lineOf(line.trim())) }));
}

const lineOf = (line) => mentionPieces(line).flatMap((piece) => (piece.node ? [piece] : linkify(piece.text)));
