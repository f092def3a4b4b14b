/**
 * How a join goes: its steps in order, a bar, the time, and within 5 s what hinders it and what to do.
 *
 * While it runs the card is open and its clock ticks; once joined it is one quiet line that opens.
 */

import { doneSteps } from "../joining.js";
import { duration, say } from "../strings.js";
import { byId, h, icon, setAttribute, setIcon, setText } from "./dom.js";

const TICK_MS = 100;
const STEP_ICONS = { waiting: "step", running: "sending", done: "sent", failed: "failed" };

export class JoinCard {
  #card = byId("join");
  #title = byId("join-title");
  #time = byId("join-time");
  #bar = byId("join-bar");
  #steps = byId("join-steps");
  #trouble = byId("join-trouble");
  #now_ms;
  #channel = null;
  #shownState = "";
  #ticking = null;

  constructor(now_ms) {
    this.#now_ms = now_ms;
  }

  /** Show the channel's join; nothing for one that was joined before this page. */
  draw(channel) {
    const join = channel?.join ?? null;
    this.#card.hidden = join === null;
    this.#tick(join !== null && isGoingOn(join));
    if (join === null) {
      this.#channel = null;
      return;
    }
    if (this.#channel !== channel || this.#shownState !== join.state) this.#card.open = join.state !== "joined";
    this.#channel = channel;
    this.#shownState = join.state;
    setAttribute(this.#card, "data-join-state", join.state);
    setText(this.#title, titleWords(channel.name, join));
    setAttribute(this.#bar, "aria-label", say("join.progress", { channel: channel.name }));
    this.#bar.max = join.steps.length;
    this.#bar.value = doneSteps(join);
    this.#drawSteps(join);
    this.#drawTrouble(join);
    this.#drawTime();
  }

  #drawSteps(join) {
    while (this.#steps.children.length > join.steps.length) this.#steps.lastElementChild.remove();
    join.steps.forEach((step, at) => {
      const item = this.#steps.children[at] ?? this.#steps.appendChild(makeStep());
      setAttribute(item, "data-step-state", step.state);
      setAttribute(item, "aria-current", step.state === "running" ? "step" : null);
      setIcon(item.parts.icon, STEP_ICONS[step.state]);
      setText(item.parts.label, step.label);
      setText(item.parts.detail, step.detail);
      setText(item.parts.state, say(`join.step.${step.state}`));
    });
  }

  #drawTrouble({ state, error }) {
    this.#trouble.hidden = state !== "delayed" && state !== "refused";
    if (this.#trouble.hidden) return;
    const key = `${state} ${error?.code} ${error?.message} ${error?.remedy}`;
    if (this.#trouble.shown === key) return;
    this.#trouble.shown = key;
    const lines = [];
    if (error) {
      lines.push(h("p", {}, h("strong", {}, error.message), ". ", h("code", {}, error.code)));
      lines.push(h("p", {}, `${say("join.remedy")}: ${error.remedy}`));
    }
    this.#trouble.replaceChildren(...lines, h("p", {}, say(state === "delayed" ? "join.delayed.hint" : "join.refused.hint")));
  }

  #drawTime() {
    const { join } = this.#channel;
    const elapsed_ms = isGoingOn(join) ? this.#now_ms() - join.began_ms : join.elapsed_ms;
    setAttribute(this.#card, "data-elapsed-ms", String(Math.round(elapsed_ms)));
    setText(this.#time, isGoingOn(join) ? duration(elapsed_ms) : "");
    join.steps.forEach((step, at) => {
      const running = step.state === "running" ? elapsed_ms - step.began_ms : step.took_ms;
      setText(this.#steps.children[at].parts.time, step.state === "waiting" ? "" : duration(Math.max(0, running)));
    });
  }

  #tick(isRunning) {
    if (isRunning === Boolean(this.#ticking)) return;
    if (isRunning) this.#ticking = setInterval(() => this.#channel && this.#drawTime(), TICK_MS);
    else {
      clearInterval(this.#ticking);
      this.#ticking = null;
    }
  }
}

const isGoingOn = ({ state }) => state === "joining" || state === "delayed";

function titleWords(channel, join) {
  if (join.state === "joining") return say("join.title", { channel });
  if (join.state === "delayed") return say("join.delayed");
  if (join.state === "refused") return say("join.refused", { channel });
  const words = say(join.created ? "join.created" : "join.done", { time: duration(join.elapsed_ms) });
  return join.alone ? `${words}. ${say("join.alone")}` : words;
}

function makeStep() {
  const parts = {
    icon: icon("step"),
    label: h("span", { class: "step-label" }),
    detail: h("span", { class: "step-detail" }),
    state: h("span", { class: "visually-hidden" }),
    time: h("span", { class: "step-time", "aria-hidden": "true" }),
  };
  const words = h("span", { class: "step-words" }, parts.label, " ", parts.detail, " ", parts.state);
  const item = h("li", { class: "step" }, parts.icon, words, parts.time);
  item.parts = parts;
  return item;
}
