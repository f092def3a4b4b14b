/** One channel: its verdict, its numbers, its plots, its coordinator. */

import { byId, h, icon, setAttribute, setIcon, setText } from "../../view/dom.js";
import { joinsChart, latencyChart, replicationChart, successChart } from "../charts.js";
import { ago, bytes, count, time } from "../format.js";
import { NEWEST } from "../history.js";
import { initiatorHeads, initiatorRows } from "../initiators.js";
import { JOINS_MAX } from "../joining.js";
import { pushHeads, pushRows } from "../pushes.js";
import { say } from "../strings.js";
import { tilesOf } from "../tiles.js";
import { briefOf, channelSentence, channelStateOf, reasonsOf } from "../verdicts.js";
import { JoinList } from "./joins.js";
import { MatrixView } from "./matrix.js";
import { PlotView } from "./plot.js";
import { SubscriberList } from "./subscribers.js";
import { drawTable, keyed } from "./table.js";

export class ChannelView {
  #latency = new PlotView(byId("latency"), say("chart.nothing"));
  #success = new PlotView(byId("success"), say("chart.nothing"));
  #joins = new PlotView(byId("joins"), say("chart.joins.nothing"));
  #replication = new PlotView(byId("replication"), say("chart.replication.nothing"));
  #matrix = new MatrixView();
  #joinList = new JoinList();
  #subscribers;

  #history;

  /** `repair(subscriber)` begins to look for a way to somebody; `history`: what the plots of pushes are of. */
  constructor({ repair, history }) {
    this.#subscribers = new SubscriberList(repair);
    this.#history = history;
    setText(byId("joins-note"), say("joins.note", { n: count(JOINS_MAX) }));
    byId("plots-window").addEventListener("change", ({ target }) => history.choose(target.value));
  }

  /** `model.detail` may be null: the channel is being looked at. */
  draw(model, nameOf) {
    const { watched, detail, host } = model;
    setAttribute(byId("channel"), "hidden", !watched);
    if (!watched) return;
    setText(byId("channel-title"), watched);
    setAttribute(byId("channel"), "data-loading", !detail);
    const line = model.channels.find(({ channel }) => channel === watched);
    drawState(detail, model.more > 0 || line !== undefined, line?.error ?? null);
    if (!detail) return;
    setText(byId("channel-age"), say("channel.age", { ago: ago(model.detailAge_ms) }));
    drawTiles(detail);
    const isHere = (id) => model.isHere(id);
    this.#matrix.draw(detail, nameOf, isHere, model.detailAge_ms);
    this.#subscribers.draw(detail, nameOf, model.detailAge_ms);
    const now_ms = host.at_ms;
    const { span, missed } = this.#history;
    const missing = missed ? say("chart.missed") : "";
    const series = this.#history.series(detail);
    this.#latency.draw(latencyChart(series, now_ms, span), missing);
    this.#success.draw(successChart(series, now_ms, span), missing);
    setAttribute(byId("plots-note"), "hidden", span === NEWEST);
    setAttribute(byId("plots-missed"), "hidden", !missed);
    setText(byId("plots-missed"), missed ? say("plots.missed", { reason: missed }) : "");
    this.#joins.draw(joinsChart(detail.joins));
    this.#joinList.draw(detail.joins.recent, nameOf);
    this.#replication.draw(replicationChart(detail.replication));
    drawTable(byId("pushes"), pushHeads(), pushRows(detail.pushes), say("tile.success"));
    drawInitiators(model, nameOf);
  }
}

function drawState(detail, known, error) {
  const { state, word, icon: picture } = channelStateOf(detail?.verdict, error);
  const chip = byId("channel-state");
  if (!chip.firstChild) chip.append(icon(picture), h("span"));
  setAttribute(byId("channel"), "data-state", state);
  setIcon(chip.firstChild, picture);
  setText(chip.lastChild, word);
  setText(byId("channel-sentence"), detail ? channelSentence(briefOf(detail)) : error ? "" : say(known ? "channel.looking" : "channel.gone"));
  keyed(
    byId("reasons"),
    reasonsOf(detail?.verdict, error),
    ({ code }) => code,
    () => h("li", {}, h("strong"), " ", h("span"), " ", h("span"), " ", h("code")),
    (element, reason) => {
      setAttribute(element, "data-state", reason.state);
      setText(element.children[0], `${reason.message}.`);
      setText(element.children[1], reason.clause);
      setText(element.children[2], reason.remedy);
      setText(element.children[3], reason.code);
    },
  );
}

function drawTiles(detail) {
  keyed(
    byId("tiles"),
    tilesOf(detail),
    ([name]) => name,
    ([name]) => h("div", { class: "tile" }, h("dt", {}, say(`tile.${name}`)), h("dd", {}, h("strong"), h("span"))),
    (element, [, value, note, troubled]) => {
      element.classList.toggle("is-troubled", troubled);
      setText(element.querySelector("strong"), value);
      setText(element.querySelector("span"), note);
    },
  );
}

function drawInitiators(model, nameOf) {
  const { initiators, coordinator } = model.detail;
  const { version, age_ms, agree, of, messages, bytes: size } = coordinator;
  setText(byId("coordinator"), say("coordinator", { version: count(version), age: time(age_ms), agree: count(agree), of: count(of), messages: count(messages), bytes: bytes(size) }));
  const head = initiatorHeads();
  const named = (id) => (model.isHere(id) ? `${nameOf(id)} (${say("matrix.own")})` : nameOf(id));
  drawTable(byId("initiators"), head, initiatorRows(initiators, named, model.detailAge_ms), head[0]);
}

