/**
 * Mentions: people as a text names them (`<@node id>`), as a writer sees them (`@Ann`), and who fits `@an`.
 *
 * Two people with one name have labels with the first characters of their node ids, so that a label means
 * one person. Only labels that were chosen from the list, or that stood in the text that is being edited,
 * become mentions: `@property` in a piece of code stays what it is.
 */

import { ID_CHARS, nameKey, namesakes, plainName } from "./naming.js";

/** People that a list shows at most. */
export const PEOPLE_MAX = 8;
const TOKEN = /<@([0-9a-f]{40})>/g;
const QUERY = /(?:^|[\s([{"'*_~>])@([^\s@<>]{0,40})$/u;

/** `[{id, name, label, isTwin}]` by name, of `names` (id to name) without `me`; of one name first whom the reader has verified. */
export function peopleOf(names, me, isVerified = () => false) {
  const count = namesakes(names);
  return [...names]
    .filter(([id, name]) => id !== me && name)
    .map(([id, name]) => ({ id, name, isTwin: count.get(nameKey(name)) > 1, label: labelOf(id, names, count) }))
    .sort((a, b) => plainName(a.name).localeCompare(plainName(b.name)) || isVerified(b.id) - isVerified(a.id) || (a.id < b.id ? -1 : 1));
}

function labelOf(id, names, count) {
  const name = names.get(id);
  if (!name) return `@${id.slice(0, ID_CHARS)}`;
  return count.get(nameKey(name)) > 1 ? `@${name}#${id.slice(0, ID_CHARS)}` : `@${name}`;
}

/** What is being looked for at the caret: `{from, query}` (`from` is the place of the @), or null. */
export function queryAt(text, caret) {
  const found = QUERY.exec(text.slice(0, caret));
  return found ? { from: caret - found[1].length - 1, query: found[1] } : null;
}

/** Those whose name or node id begins as the query, then those who have it inside a name. */
export function fitting(people, query) {
  const wanted = query.toLowerCase();
  const begins = ({ name, id }) => name.toLowerCase().startsWith(wanted) || (wanted && id.startsWith(wanted));
  const others = people.filter((one) => !begins(one) && one.name.toLowerCase().includes(wanted));
  return [...people.filter(begins), ...others].slice(0, PEOPLE_MAX);
}

/** The text as it is sent; `chosen` is a map of labels to ids. Longer labels first: @Ann#1 is not @Ann. */
export function toWire(text, chosen) {
  const labels = [...chosen.keys()].sort((a, b) => b.length - a.length);
  let wire = "";
  for (let at = 0; at < text.length; ) {
    const label = labels.find((each) => text.startsWith(each, at) && !/^[\p{L}\p{N}_]/u.test(text.slice(at + each.length)));
    wire += label ? `<@${chosen.get(label)}>` : text[at];
    at += label ? label.length : 1;
  }
  return wire;
}

/** A sent text as a writer sees it, and which labels are in it: `{text, chosen}`. */
export function fromWire(wire, names) {
  const count = namesakes(names);
  const chosen = new Map();
  const text = wire.replace(TOKEN, (_, id) => {
    const label = labelOf(id, names, count);
    chosen.set(label, id);
    return label;
  });
  return { text, chosen };
}

/** A text in pieces `{text}` and `{node}`. */
export function mentionPieces(text) {
  const pieces = text.split(TOKEN).map((piece, at) => (at % 2 ? { node: piece } : { text: piece }));
  return pieces.filter((piece) => piece.node || piece.text);
}
