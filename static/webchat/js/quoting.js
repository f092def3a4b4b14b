/**
 * A message as another place shows it: quoted by a reply, or found by a search, which marks the words.
 *
 * What somebody wrote whom the reader has blocked is said nowhere, unless the reader has asked for that message.
 */

import { excerpt, inOneLine, withNames } from "./excerpt.js";
import { say } from "./strings.js";

const FOUND_CHARS = 240;
const READ_CHARS = 4 * FOUND_CHARS;

/** Whether a row or a message has to be hidden from the reader; `people`: `isBlocked(id)`. */
export const isHushed = ({ author, shown }, people) => !shown && people.isBlocked(author);

/** `{name, text}` of the row that a reply answers; `people`: `nameOf(id)`, `isBlocked(id)`. */
export function quoted(row, people) {
  return { name: people.nameOf(row.author), text: row.deleted ? say("quote.deleted") : beginningOf(row, people) };
}

/** The beginning of what a message says, or a file's name. */
export function beginningOf(message, people) {
  if (isHushed(message, people)) return say("quote.blocked");
  return excerpt(message.text || (message.file?.name ?? ""), people.nameOf);
}

/**
 * What is shown of a message that was found by `words`, as `[{text, isMarked}]`: one line, a long one around the
 * first of the words, each of which is marked. A file's name is looked through as well, so it is shown too, as it is:
 * what looks like Markdown's marks in a name is a part of it. Of a blocked author nothing is.
 */
export function found(message, words, people) {
  if (isHushed(message, people)) return [{ text: say("quote.blocked"), isMarked: false }];
  const wanted = words.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const first = new RegExp(wanted[0], "i");
  const near = around(withNames(message.text, people.nameOf), first, READ_CHARS);
  const said = [inOneLine(near.text), message.file?.name].filter(Boolean).join(" ");
  const { text, isBegun, isCut } = around(said, first, FOUND_CHARS);
  const line = `${near.isBegun || isBegun ? "…" : ""}${text}${near.isCut || isCut ? "…" : ""}`;
  const parts = line.split(new RegExp(`(${wanted.join("|")})`, "i"));
  return parts.map((part, at) => ({ text: part, isMarked: at % 2 === 1 })).filter((part) => part.text);
}

/** So much of a text around the first place of a pattern, and whether there is more before and after. */
function around(text, pattern, chars) {
  const at = Math.max(0, text.search(pattern) - chars / 3);
  return { text: text.slice(at, at + chars), isBegun: at > 0, isCut: at + chars < text.length };
}
