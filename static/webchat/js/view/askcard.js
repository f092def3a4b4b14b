/**
 * A question before something that can't be taken back. Whatever closes it but its buttons is "no".
 *
 * There is one dialog, and the page asks by itself as well: a question waits until the one before it is answered, so
 * that no "yes" is ever given to other words than those that were read.
 */

import { hasWords, say } from "../strings.js";
import { byId, dialogOf, setText } from "./dom.js";

const YES = "yes";
/** A second way to do it, where the question has words for one. */
const KEEP = "keep";
/** The open question and those that wait; what is asked besides is answered with nothing. */
export const QUESTIONS_MAX = 4;

export class AskCard {
  #dialog = dialogOf("ask-card");
  /** The first one is shown. */
  #questions = [];

  constructor() {
    this.#dialog.addEventListener("close", () => this.#answered());
  }

  /** Whether to do it: `about` is what the words of the question begin with (`leave`, `delete`), `values` fill them in. */
  async ask(about, values = {}) {
    return (await this.choose(about, values)) === YES;
  }

  /** What to do: `yes`, `keep`, or nothing (empty). */
  choose(about, values = {}) {
    if (this.#questions.length >= QUESTIONS_MAX) return Promise.resolve("");
    return new Promise((resolve) => {
      this.#questions.push({ about, values, resolve });
      if (this.#questions.length === 1) this.#show();
    });
  }

  #show() {
    const [{ about, values }] = this.#questions;
    const hasKeep = hasWords(`${about}.${KEEP}`);
    byId("ask-keep").hidden = !hasKeep;
    const parts = ["title", "text", "yes", "no", ...(hasKeep ? [KEEP] : [])];
    for (const part of parts) setText(byId(`ask-${part}`), say(`${about}.${part}`, values));
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
  }

  #answered() {
    this.#questions.shift()?.resolve(this.#dialog.returnValue);
    if (this.#questions.length) this.#show();
  }
}
