/**
 * Names are what people chose, so two can have one; only the node id tells who somebody is.
 *
 * Pure functions: whose names look alike, a node id as people compare it, and where a picture is.
 */

/** Characters of a node id that stand beside a name that is not unique. */
export const ID_CHARS = 8;

/** Cyrillic and Greek letters, after each other the Latin ones that they look like, capitals or small ones. */
const ALIKE = lettersOf("аaвbсcԁdеeһhнhіiїiјjкkмmоoпnрpԛqѕsтtѵvѡwԝwхxуyүyαaβbεeζzηnιiκkμmνvοoρpτtυuχxγyıiɑaɡg");
/** Greek capitals that look like other letters than the small ones do; they count among Latin ones only. */
const CAPITALS = lettersOf("ΗHΝNΥY");

function lettersOf(pairs) {
  return new Map([...pairs.matchAll(/(.)(.)/gu)].map(([, letter, latin]) => [letter, latin]));
}

const alike = (text, letters) => [...text].map((letter) => letters.get(letter) ?? letter).join("");

/** A name as it is sorted: case, width and spaces make no difference. */
export const plainName = (name) => name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** Names with one key look alike: nor do letters of other scripts that look the same, or what is not seen. */
export function nameKey(name) {
  const seen = name.normalize("NFKD").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  const isMixed = /\p{Script=Latin}/u.test(seen);
  return alike((isMixed ? alike(seen, CAPITALS) : seen).toLowerCase(), ALIKE).normalize("NFKC").replace(/\s+/g, " ").trim();
}

/** How many are called like each other, by key; `names` is a map of ids to names. */
export function namesakes(names) {
  const count = new Map();
  for (const name of names.values()) count.set(nameKey(name), (count.get(nameKey(name)) ?? 0) + 1);
  return count;
}

/** The ids of those who share their name with somebody. */
export function twinsOf(names) {
  const count = namesakes(names);
  return new Set([...names].filter(([, name]) => name && count.get(nameKey(name)) > 1).map(([id]) => id));
}

/** The part of a node id that tells two of one name apart on a page. */
export const shortPrint = (id) => id.slice(0, ID_CHARS);

/** A node id as people read it to each other: four characters at a time. */
export const fingerprint = (id) => id.match(/.{1,4}/g)?.join(" ") ?? "";

/** Where the own server keeps somebody's picture; it is the same for ever. */
export const pictureAddress = (id, picture) => `/people/${id}/${picture}/`;
