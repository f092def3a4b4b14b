/**
 * A channel's own panel: how it is, what is told of it while nobody looks, and the channel as a file.
 */

import { remedyWords, stateWords } from "../channelhealth.js";
import { exportLink } from "../channelname.js";
import { LEVELS } from "../notifying.js";
import { say } from "../strings.js";
import { byId, passFocus, setText } from "./dom.js";

export class AboutView {
  #notifying;
  #healthOf;
  #channel = null;

  /** `healthOf(channel)`: how it is, or null. */
  constructor(notifying, healthOf) {
    this.#notifying = notifying;
    this.#healthOf = healthOf;
    notifying.onChange = () => this.#draw();
    byId("notify-allow").addEventListener("click", () => notifying.allow());
    byId("notify-test").addEventListener("click", () => this.#test());
    for (const level of LEVELS)
      byId(`notify-${level}`).addEventListener("change", () => notifying.setLevel(this.#channel, level));
  }

  open(channel) {
    this.#channel = channel;
    for (const kind of ["html", "json"]) byId(`export-${kind}`).href = exportLink(channel, kind);
    setText(byId("notify-told"), "");
    this.#draw();
    this.drawHealth();
    byId("panel-close").focus();
  }

  close() {
    this.#channel = null;
  }

  /** How the channel is, if it is shown. */
  drawHealth() {
    if (this.#channel === null) return;
    const health = this.#healthOf(this.#channel);
    setText(byId("about-health"), stateWords(health));
    setText(byId("about-health-why"), remedyWords(health));
  }

  #test() {
    const isShown = this.#notifying.test(this.#channel);
    setText(byId("notify-told"), say(isShown ? "notify.tested" : "notify.unsupported"));
  }

  #draw() {
    if (this.#channel === null) return;
    const { permission } = this.#notifying;
    setText(byId("notify-state"), say(`notify.${permission}`));
    const [allow, test, level] = ["allow", "test", this.#notifying.level(this.#channel)].map((name) => byId(`notify-${name}`));
    level.checked = true;
    test.hidden = permission !== "granted";
    if (permission !== "default") passFocus(allow, test.hidden ? level : test); // the browser was asked and has answered
    allow.hidden = permission !== "default";
  }
}
