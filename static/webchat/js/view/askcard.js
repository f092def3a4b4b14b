/**
 * A question before something that can't be taken back. Whatever closes it but its buttons is "no".
 */

import { hasWords, say } from "../strings.js";
import { byId, dialogOf, setText } from "./dom.js";

const YES = "yes";
/** A second way to do it, where the question has words for one. */
const KEEP = "keep";

export class AskCard {
  #dialog = dialogOf("ask-card");

  /** Whether to do it: `about` is what the words of the question begin with (`leave`, `delete`), `values` fill them in. */
  async ask(about, values = {}) {
    return (await this.choose(about, values)) === YES;
  }

  /** What to do: `yes`, `keep`, or nothing (empty). */
  choose(about, values = {}) {
    const hasKeep = hasWords(`${about}.${KEEP}`);
    byId("ask-keep").hidden = !hasKeep;
    const parts = ["title", "text", "yes", "no", ...(hasKeep ? [KEEP] : [])];
    for (const part of parts) setText(byId(`ask-${part}`), say(`${about}.${part}`, values));
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue), { once: true });
    });
  }
}
