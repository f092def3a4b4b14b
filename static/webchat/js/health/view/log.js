/** The event log: filter, live tail with a pause, the way from a failed message to its trace, from what else failed to its report. */

import { byId, h, icon, setAttribute, setIcon, setText } from "../../view/dom.js";
import { atTime, count, NOTHING, short, time } from "../format.js";
import { isOfMessage } from "../operation.js";
import { mainly } from "../parts.js";
import { storyOf } from "../story.js";
import { say } from "../strings.js";
import { exportQuery, isFine, keyOf } from "../tail.js";
import { keyed } from "./table.js";

const HEAD = ["when", "operation", "subject", "outcome", "took", "node"];

export class LogView {
  #tail;
  #watched;
  #trace;
  #nameOf;
  #changed;
  #range;
  #tell;
  #body;

  /**
   * `trace(channel, id)` shows a message's trace; `changed()` asks for another drawing;
   * `range(filter)` asks for what is older than the log; `tell(words)` says something aloud.
   */
  constructor({ tail, watched, trace, nameOf, changed, range, tell }) {
    this.#tail = tail;
    this.#watched = watched;
    this.#trace = trace;
    this.#nameOf = nameOf;
    this.#changed = changed;
    this.#range = range;
    this.#tell = tell;
    this.#body = h("tbody");
    const heads = [...HEAD.map((key) => say(`log.${key}`)), say("trace.event")].map((text) => h("th", { scope: "col" }, text));
    byId("log").append(h("table", { "aria-labelledby": "events-title" }, h("thead", {}, h("tr", {}, ...heads)), this.#body));
    byId("pause").append(icon("pause"), h("span"));
    byId("pause").addEventListener("click", () => this.#pause());
    byId("filter").addEventListener("input", () => this.#choose());
    byId("filter").addEventListener("submit", (event) => event.preventDefault());
  }

  draw() {
    const { records } = this.#tail.shown();
    this.#drawOperations();
    const { paused, waiting } = this.#tail;
    setAttribute(byId("pause"), "aria-pressed", String(paused));
    setIcon(byId("pause").firstChild, paused ? "play" : "pause");
    setText(byId("pause").lastChild, paused ? (waiting ? say("log.go.waiting", { n: count(waiting) }) : say("log.go")) : say("log.pause"));
    const channel = this.#watched();
    setAttribute(byId("filter-channel"), "disabled", !channel);
    if (channel) setText(byId("filter-channel-word"), say("log.this", { channel }));
    const { skipped } = this.#tail;
    setText(byId("events-note"), [this.words(), skipped ? say("log.skipped", { n: count(skipped) }) : ""].filter(Boolean).join(" "));
    keyed(this.#body, records, keyOf, (each) => this.#make(each), (element, each) => this.#name(element, each));
  }

  /** How much is chosen, of how much, and whether there is more of it than came. */
  words() {
    return chosenWords(this.#tail.shown());
  }

  /** Another channel is looked at: "this channel alone" means that one. */
  followed() {
    if (byId("filter-channel").checked) this.#choose();
  }

  #make(record) {
    const { wall_ms, operation, subject, outcome, elapsed_ms, parts, trace, stands_for = 1 } = record;
    const failed = !isFine(outcome);
    const about = /^[0-9a-f]{40,64}$/.test(subject) ? this.#about(subject) : subject;
    const counted = stands_for > 1 ? [h("small", {}, ` ${say("log.stands", { n: stands_for })}`)] : [];
    const cells = [
      h("th", { scope: "row" }, h("time", { datetime: new Date(wall_ms).toISOString() }, atTime(wall_ms))),
      h("td", {}, h("code", { lang: "en" }, operation), ...counted),
      h("td", { title: subject }, about, " ", h("small", { class: "log-story" })),
      h("td", { class: failed ? "is-troubled" : "", lang: "en" }, outcome),
      h("td", {}, elapsed_ms ? time(elapsed_ms) : NOTHING, ...tookWhere(parts, elapsed_ms)),
      h("td"),
      h("td", {}, trace ? this.#button(record) : ""),
    ];
    return h("tr", { "data-outcome": failed ? "failed" : "ok" }, ...cells);
  }

  /** What names may be learnt for after the record has come. */
  #name({ cells }, record) {
    setText(cells[2].lastElementChild, storyOf(record, this.#nameOf));
    setText(cells[5], this.#who(record));
  }

  /** The node that did it, or the administrator. */
  #who({ node, route }) {
    return node ? this.#nameOf(node) : say("log.admin", { name: this.#nameOf(`account:${route.account}`) });
  }

  #about(id) {
    return id.length === 40 ? this.#nameOf(id) : short(id);
  }

  #button({ trace, operation, route, subject }) {
    const words = isOfMessage(operation) ? [say("trace.event.of", { id: short(trace) }), say("trace.event")] : [say("report.event.of", { operation, id: short(trace) }), say("report.event")];
    const button = h("button", { type: "button", class: "icon-button", "aria-label": words[0], title: words[1] }, icon("trace"));
    const channel = route.channel ?? (subject.startsWith("#") ? subject : this.#watched());
    button.addEventListener("click", () => this.#trace(channel, trace));
    return button;
  }

  #pause() {
    this.#tail.pause(!this.#tail.paused);
    this.#changed();
  }

  #choose() {
    this.#tail.filter = {
      operation: byId("filter-operation").value,
      outcome: byId("filter-outcome").value,
      text: byId("filter-text").value,
      channel: byId("filter-channel").checked ? (this.#watched() ?? "") : "",
      since: momentIn(byId("filter-since")),
      until: momentIn(byId("filter-until")),
    };
    this.#range(this.#tail.filter);
    const query = exportQuery(this.#tail.filter);
    for (const link of [byId("export-json"), byId("export-csv")]) link.href = link.pathname + query;
    this.#changed();
    this.#tell(this.words());
  }

  #drawOperations() {
    const list = byId("filter-operation");
    const known = new Set([...list.options].map((option) => option.value));
    const missing = this.#tail.operations.filter((operation) => !known.has(operation));
    list.append(...missing.map((operation) => h("option", { value: operation, lang: "en" }, operation)));
  }
}

/** How much is chosen; that a range of time could not be asked for comes first, and nothing is then called empty. */
export function chosenWords({ matching, all, more, missed }) {
  const parts = missed ? [say("log.missed", { reason: missed })] : [];
  if (matching) parts.push(say("log.count", { n: count(matching), of: count(all) }));
  else if (!missed) parts.push(say("log.none"));
  if (matching && more) parts.push(say("log.more"));
  return parts.join(" ");
}

/** What took most of the time, where more than one part did. */
function tookWhere(parts, elapsed_ms) {
  const several = Object.values(parts).filter((ms) => ms > 0).length > 1;
  return several ? [" ", h("small", {}, mainly(parts, elapsed_ms))] : [];
}

/** The time in a field, in ms since 1970; null when none, or half of one, is typed. */
function momentIn(field) {
  const at_ms = new Date(field.value).getTime();
  return Number.isFinite(at_ms) ? at_ms : null;
}
