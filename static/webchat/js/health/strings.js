/** The words of the health page, in the page's language; see `../strings.js`. */

import { language, saying } from "../strings.js";

const { WORDS } = await import(`./words/${language}.js`);

export const say = saying(WORDS);

/** Whether there are words for exactly this key. */
export const hasWords = (key) => key in WORDS;
