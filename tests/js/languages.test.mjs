/** Each language has every word of the English, with the same values left open and the forms of its numbers. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { LANGUAGES } from "../../static/webchat/js/strings.js";

const FOLDERS = ["words", "joinwords", "sendwords", "health/words", "health/toolwords"].map((name) => new URL(`../../static/webchat/js/${name}/`, import.meta.url));
const FORM = /\.(zero|one|two|few|many|other)$/;
const wordsOf = async (language, folder) => (await import(new URL(`${language}.js`, folder))).WORDS;
const keysOf = (words) => [...new Set(Object.keys(words).map((key) => key.replace(FORM, "")))].sort();
const valuesOf = (text) => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort();

test("the languages are those that the server offers, each with its words", () => {
  const settings = readFileSync(new URL("../../webchat/settings.py", import.meta.url), "utf8");
  const offered = [...settings.match(/^LANGUAGES = .*$/m)[0].matchAll(/\("(\w+)"/g)].map((found) => found[1]);
  assert.deepEqual([...LANGUAGES], offered);
  for (const folder of FOLDERS) assert.deepEqual(readdirSync(folder).sort(), offered.map((language) => `${language}.js`).sort());
});

for (const [language, folder] of LANGUAGES.flatMap((each) => FOLDERS.map((folder) => [each, folder])))
  test(`no word is missing in ${language}, and no value, in ${folder.pathname.split("/js/")[1]}`, async () => {
    const [english, own] = [await wordsOf("en", folder), await wordsOf(language, folder)];
    assert.deepEqual(keysOf(own), keysOf(english));
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const key of keysOf(own)) {
      const forms = Object.keys(own).filter((each) => each.replace(FORM, "") === key && FORM.test(each));
      if (forms.length) assert.deepEqual(forms.sort(), pluralCategories.map((form) => `${key}.${form}`).sort());
      const most = valuesOf(english[`${key}.other`] ?? english[key]);
      assert.deepEqual(valuesOf(own[`${key}.other`] ?? own[key]), most, key);
      for (const form of [key, ...forms]) for (const value of valuesOf(own[form] ?? "")) assert.ok(most.includes(value), form);
    }
  });

test("words of another language are not those of the English", async () => {
  const same = [];
  for (const folder of FOLDERS) {
    const [english, german] = [await wordsOf("en", folder), await wordsOf("de", folder)];
    same.push(...Object.keys(german).filter((key) => /[a-z]{4}/i.test(english[key].replace(/\{\w+\}/g, "")) && english[key] === german[key]));
  }
  assert.deepEqual(same, ["title", "title.unread", "fact.version"]);
});
