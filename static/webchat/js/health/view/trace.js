/** The trace of a message: asked for by its id, told as a sentence, a bar and every single try; or an operation's report. */

import { byId, h, setAttribute, setText } from "../../view/dom.js";
import { atDay, atTime, time } from "../format.js";
import { partWords, segments } from "../parts.js";
import { say } from "../strings.js";
import { messageFailures } from "../failures.js";
import { apartWords, certainty, channelTyped, outcomeOf, traceOf } from "../tracing.js";
import { failureElements } from "./failures.js";
import { reportElements } from "./operation.js";
import { svgOf } from "./svg.js";
import { drawTable } from "./table.js";

const MESSAGE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export class TraceView {
  #ask;
  #nameOf;
  #asked = 0;

  /** `ask(channel, id)` resolves with the trace. */
  constructor({ ask, nameOf }) {
    this.#ask = ask;
    this.#nameOf = nameOf;
    byId("trace-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run(channelTyped(byId("trace-channel").value), byId("trace-id").value.trim().toLowerCase());
    });
  }

  /** The channel that is looked at is offered until another one is typed. */
  offer(channel) {
    const field = byId("trace-channel");
    if (channel && (!field.value || field.value === field.dataset.offered)) field.value = channel;
    field.dataset.offered = channel ?? "";
  }

  /** Trace this one, and go there. */
  show(channel, id) {
    byId("trace-channel").value = channel;
    byId("trace-id").value = id;
    byId("trace").scrollIntoView({ block: "start" });
    this.#run(channel, id);
  }

  async #run(channel, id) {
    const run = (this.#asked += 1);
    this.#fail(MESSAGE_ID.test(id) && channel ? "" : say("trace.bad"));
    if (!MESSAGE_ID.test(id) || !channel) return byId("trace-id").focus();
    setText(byId("trace-note"), say("trace.asking"));
    try {
      const trace = await this.#ask(channel, id);
      if (run === this.#asked) this.#draw(trace);
    } catch (error) {
      if (run === this.#asked) this.#fail(`${error.message}. ${error.remedy} (${error.code})`);
    } finally {
      if (run === this.#asked) setText(byId("trace-note"), "");
    }
  }

  #fail(words) {
    setText(byId("trace-error"), words);
    setAttribute(byId("trace-error"), "hidden", !words);
    if (words) byId("trace-found").hidden = true;
  }

  #draw(trace) {
    if (trace.operation) byId("trace-found").replaceChildren(...reportElements(trace.operation, this.#nameOf));
    else this.#drawMessage(trace);
    byId("trace-found").hidden = false;
    byId("trace-found").focus({ preventScroll: true });
  }

  #drawMessage(trace) {
    const { attempts, left, unsure, parts, whole_ms, most, ...apart } = traceOf(trace);
    const cause = trace.report?.cause ?? null;
    const { text, tone, caveat } = outcomeOf(trace);
    const box = h("div", { class: "table-box", tabindex: 0, role: "group", "aria-label": say("trace.tries") });
    byId("trace-found").replaceChildren(
      h("p", { class: `trace-verdict is-${tone}` }, text),
      ...(trace.author ? [h("p", { class: "note" }, say("trace.written", { name: this.#nameOf(trace.author), time: atDay(trace.at_ms) }))] : []),
      ...(cause ? [h("p", { class: "notice" }, `${cause.message}. ${cause.remedy} (${cause.code})`)] : []),
      ...[caveat, ...apartWords(apart, this.#nameOf)].filter(Boolean).map((words) => h("p", { class: "note" }, words)),
      ...failureElements(messageFailures(trace, this.#nameOf)),
      ...(whole_ms ? [h("h3", {}, say("trace.where")), h("p", { class: "note" }, most), barOf(parts, whole_ms), legendOf(parts, whole_ms)] : []),
      ...(attempts.length ? [h("h3", {}, say("trace.tries")), box] : []),
      ...(unsure ? [h("p", { class: "note" }, say("trace.unsure"))] : []),
      ...(left ? [h("p", { class: "note" }, say("trace.left", { n: left }))] : []),
    );
    const head = ["when", "node", "peer", "method", "outcome", "took", "where"].map((key) => say(`trace.${key}`));
    drawTable(box, head, attempts.map((each, at) => ({ key: at, cells: this.#cells(each) })), say("trace.tries"));
    attempts.forEach((each, at) => {
      const bar = barOf(each.parts, each.elapsed_ms);
      box.querySelector("tbody").rows[at].cells[6].replaceChildren(bar, h("small", {}, partWords(each.parts)));
    });
  }

  #cells(attempt) {
    const { at_ms, node, peer, method, outcome, elapsed_ms } = attempt;
    const failed = outcome !== "ok";
    return [{ text: atTime(at_ms), note: certainty(attempt) }, this.#nameOf(node), this.#nameOf(peer), method, failed ? { text: outcome, kind: "is-troubled" } : outcome, time(elapsed_ms), ""];
  }
}

/** A stacked bar of where time went; the words for it are beside it. */
function barOf(parts, whole_ms) {
  const pieces = segments(parts, whole_ms);
  const picture = svgOf({
    tag: "svg",
    attributes: { class: "part-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    children: pieces.map(({ part, from, share, text }) => ({
      tag: "rect",
      attributes: { class: `is-${part}`, x: String(from * 100), y: "0", width: String(share * 100), height: "10" },
      children: [{ tag: "title", text }],
    })),
  });
  return picture;
}

const legendOf = (parts, whole_ms) =>
  h("ul", { class: "legend" }, ...segments(parts, whole_ms).map(({ part, text }) => h("li", {}, h("span", { class: `swatch is-${part}`, "aria-hidden": "true" }), text)));
