/**
 * The question before a channel is left in which something is unsent. Whatever closes it but its first button is "stay".
 */

import { say } from "../strings.js";
import { byId, setText } from "./dom.js";

const LEAVE = "leave";

export class LeaveCard {
  #dialog = byId("leave-card");

  constructor() {
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close(""); // the backdrop
    });
  }

  /** Whether to leave `channel` and lose `n` messages or changes. */
  ask(channel, n) {
    setText(byId("leave-title"), say("leave.title", { n }));
    setText(byId("leave-text"), say("leave.text", { channel }));
    setText(byId("leave-discard"), say("leave.discard"));
    setText(byId("leave-stay"), say("leave.stay"));
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    return new Promise((resolve) => {
      this.#dialog.addEventListener("close", () => resolve(this.#dialog.returnValue === LEAVE), { once: true });
    });
  }
}
