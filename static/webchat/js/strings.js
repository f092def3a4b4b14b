/**
 * Every word that the scripts put on the page comes from here, in the page's language.
 *
 * `say(key, values)` fills `{name}` placeholders. Where a number decides the form, the key has one form for
 * each of the language's kinds of numbers (`.one`, `.other`), chosen by `values.n`. The words themselves are
 * in `words/`, `joinwords/` and `sendwords/`, one module each for each language that the server offers; only that of
 * the page is loaded.
 */

export const LANGUAGES = Object.freeze(["en", "de"]);

const wanted = globalThis.document?.documentElement?.lang;
export const language = LANGUAGES.includes(wanted) ? wanted : "en";
const modules = await Promise.all(["words", "joinwords", "sendwords"].map((folder) => import(`./${folder}/${language}.js`)));
const WORDS = Object.assign({}, ...modules.map((each) => each.WORDS));
const rules = new Intl.PluralRules(language);
const tenths = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** What says the text of a key in `words`, with values filled in; an unknown key is a bug and throws. */
export const saying = (words) => (key, values = {}) => {
  const pattern = words[key] ?? words[`${key}.${rules.select(values.n)}`] ?? words[`${key}.other`];
  if (pattern === undefined) throw new Error(`no words for ${key}`);
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
};

export const say = saying(WORDS);

/** Whether there are words for `key`. */
export const hasWords = (key) => key in WORDS || `${key}.other` in WORDS;

/** A number with one digit after the point, or the comma. */
export const withTenths = (number) => tenths.format(number);

/** A duration as people read it, in whole ms of at least 1: "42 ms", "0.8 s", "12 s", "2 min 5 s". */
export function duration(ms) {
  if (ms < 100) return `${Math.max(1, Math.round(ms))} ms`;
  const s = ms / 1000;
  if (s < 10) return `${withTenths(s)} s`;
  const whole = Math.round(s);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** An error of this page itself, in the form of the node's errors; `values` fill in what can be done. */
export function ownError(code, values = {}) {
  return { code, message: say(`error.${code}`), remedy: say(`error.${code}.remedy`, values), retryable: true };
}

/** One with a code of the catalogue as it is; anything else, as what a browser throws, by this page's `code`. */
export const codedError = (error, code) => (typeof error?.code === "string" ? error : ownError(code));

/** Whether it is a mistake of this page: what a browser or a node refuses has a code. */
export const isDefect = (error) => error instanceof Error && error.code === undefined;
