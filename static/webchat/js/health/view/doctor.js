/** The connection doctor: asked by a button, told step by step, each as soon as it has ended. */

import { byId, h, icon, setAttribute, setText } from "../../view/dom.js";
import { examinedWords, stepTold } from "../examining.js";
import { say } from "../strings.js";

export class DoctorView {
  #ask;
  #going = false;

  /** `ask(address, channel)` resolves with the steps. */
  constructor({ ask }) {
    this.#ask = ask;
    byId("doctor-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run(byId("doctor-address").value.trim(), byId("doctor-channel").value.trim());
    });
  }

  /** The steps so far of the examination that this page has asked for. */
  heard(steps) {
    if (this.#going && steps) this.#draw(steps);
  }

  /** Those that are drawn already stay as they are. */
  #draw(steps) {
    const list = byId("doctor-steps");
    list.append(...steps.slice(list.children.length).map((step) => draw(stepTold(step))));
  }

  async #run(address, channel) {
    if (this.#going) return;
    this.#going = true;
    this.#fail("");
    setText(byId("doctor-note"), say("doctor.going"));
    byId("doctor-steps").replaceChildren();
    try {
      const steps = await this.#ask(address, channel);
      this.#draw(steps);
      setText(byId("doctor-note"), examinedWords(steps));
    } catch (error) {
      this.#fail(`${error.message}. ${error.remedy} (${error.code})`);
      setText(byId("doctor-note"), "");
    } finally {
      this.#going = false;
    }
  }

  #fail(words) {
    setText(byId("doctor-error"), words);
    setAttribute(byId("doctor-error"), "hidden", !words);
  }
}

const draw = ({ state, icon: picture, name, result, sentence, lang, remedy, code, took }) =>
  h(
    "li",
    { class: "step", "data-state": state },
    icon(picture),
    h(
      "div",
      {},
      h("p", { class: "step-name" }, h("strong", {}, name), " ", h("span", { class: "step-result" }, result), " ", h("span", { class: "step-took" }, took)),
      h("p", { class: "step-sentence", lang }, sentence),
      ...(remedy ? [h("p", {}, remedy, " ", h("code", {}, code))] : []),
    ),
  );
