/**
 * A question before something that can't be taken back. Whatever closes it but its first button is "no".
 */

import { say } from "../strings.js";
import { byId, dialogOf, setText } from "./dom.js";

const YES = "yes";

export class AskCard {
  #dialog = dialogOf("ask-card");

  /** Whether to do it: `about` is what the words of the question begin with (`leave`, `delete`), `values` fill them in. */
  ask(about, values = {}) {
    for (const part of ["title", "text", "yes", "no"]) setText(byId(`ask-${part}`), say(`${about}.${part}`, values));
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === YES), { once: true });
    });
  }
}
