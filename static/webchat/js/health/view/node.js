/** The server's own node: its place in the network, bootstraps, routing table and peers. */

import { byId, setAttribute, setText } from "../../view/dom.js";
import { bucketsChart } from "../charts.js";
import { address, ago, count, time } from "../format.js";
import { say } from "../strings.js";
import { PlotView } from "./plot.js";
import { drawFacts, drawTable } from "./table.js";

export class NodeView {
  #buckets = new PlotView(byId("buckets"), "");

  draw({ node, bootstraps, peers, buckets }) {
    drawFacts(byId("node-facts"), [
      [say("fact.state"), say(`node.${node.state}`)],
      [say("fact.id"), node.id],
      [say("fact.address"), address(node.address)],
      [say("fact.external"), address(node.external)],
      [say("fact.nat"), say(node.public ? "fact.nat.public" : "fact.nat.unproven")],
    ]);
    setAttribute(byId("no-bootstraps"), "hidden", bootstraps.length > 0);
    setAttribute(byId("bootstraps"), "hidden", bootstraps.length === 0);
    const head = ["address", "state", "rtt", "answered", "failures"].map((key) => say(`boot.${key}`));
    drawTable(byId("bootstraps"), head, bootstraps.map((each) => ({ key: address(each.address), cells: bootCells(each) })), head[0]);
    this.#buckets.draw(bucketsChart(buckets));
    setText(byId("peers-count"), `(${count(node.peers)})`);
    drawTable(byId("peers"), [say("fact.id"), say("fact.address")], peers.map((peer) => ({ key: peer.id, cells: [peer.id, address(peer.address)] })), say("fact.peers"));
  }
}

const TROUBLED = new Set(["silent", "unknown"]);

function bootCells({ address: place, origin, state, rtt_ms, answered_s_ago, failures }) {
  const told = say(`boot.${state}`);
  const where = origin === "nearby" ? `${address(place)} (${say("boot.nearby")})` : address(place);
  return [where, TROUBLED.has(state) ? { text: told, kind: "is-troubled" } : told, time(rtt_ms), ago(answered_s_ago === null ? null : answered_s_ago * 1000), count(failures)];
}
