/** The words of the health page, in the page's language; see `../strings.js`. */

import { language, saying } from "../strings.js";

const modules = await Promise.all(["words", "toolwords"].map((folder) => import(`./${folder}/${language}.js`)));
const WORDS = Object.assign({}, ...modules.map((each) => each.WORDS));

export const say = saying(WORDS);

/** Whether there are words for exactly this key. */
export const hasWords = (key) => key in WORDS;
