/**
 * The switch of the diagnostic mode, and beside it why it did not turn, until it is pressed again.
 *
 * Snapshots say how the mode is; one that was on its way when it was switched does not turn it back.
 */

import { byId, setAttribute, setText } from "../../view/dom.js";
import { LIVE_MS } from "../model.js";
import { say } from "../strings.js";

export class SwitchView {
  #request;
  #tell;
  #now;
  #until_ms = 0;

  /** `request(frame)` resolves with the answer; `tell(words)` says something aloud; `now`: a monotonic clock in ms. */
  constructor({ request, tell, now }) {
    this.#now = now;
    this.#request = request;
    this.#tell = tell;
    byId("diagnostic").addEventListener("click", () => this.press());
  }

  /** A snapshot says this; while it is older than what was pressed it does not count. */
  draw(diagnostic) {
    setAttribute(byId("diagnostic"), "disabled", false);
    if (this.#now() >= this.#until_ms) setAttribute(byId("diagnostic"), "aria-checked", String(diagnostic));
  }

  async press() {
    const on = byId("diagnostic").getAttribute("aria-checked") !== "true";
    note("");
    this.#until_ms = Infinity;
    try {
      const { result } = await this.#request({ type: "diagnostic", on });
      setAttribute(byId("diagnostic"), "aria-checked", String(result.diagnostic));
      this.#until_ms = this.#now() + LIVE_MS;
      this.#tell(say(result.diagnostic ? "diagnostic.on" : "diagnostic.off"));
    } catch (error) {
      const words = say("diagnostic.failed", { reason: `${error.message}. ${error.remedy}` });
      this.#until_ms = 0;
      note(words);
      this.#tell(words);
    }
  }
}

function note(words) {
  setText(byId("diagnostic-note"), words);
  setAttribute(byId("diagnostic-note"), "hidden", !words);
}
