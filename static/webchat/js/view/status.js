/**
 * The state of the own node, always in sight, and the banner while this page has no connection to it.
 */

import { say } from "../strings.js";
import { asMenu, byId, icon, passFocus, setAttribute, setIcon, setText } from "./dom.js";

const TICK_MS = 500;

export class StatusView {
  #pill = byId("node");
  #summary = this.#pill.querySelector("summary");
  #word = byId("node-word");
  #why = byId("node-why");
  #facts = byId("node-facts");
  #banner = byId("banner");
  #bannerText = byId("banner-text");
  #bannerTime = byId("banner-time");
  /** What can be done about it: one of these at a time. */
  #ways = { tryNow: byId("try-now"), signIn: byId("banner-signin"), reload: byId("banner-reload") };
  #now_ms;
  #picture = icon("connecting");
  #node = null;
  #link = { phase: "connecting" };

  /** `tryNow()`: connect at once; `reload()`: load the page anew. */
  constructor(now_ms, { tryNow, reload }) {
    this.#now_ms = now_ms;
    this.#summary.prepend(this.#picture);
    this.#ways.tryNow.addEventListener("click", tryNow);
    this.#ways.reload.addEventListener("click", reload);
    setInterval(() => this.#drawTime(), TICK_MS);
    asMenu(this.#pill);
  }

  /** What the node says of itself; fields it does not name stay. */
  setNode(node) {
    this.#node = { ...this.#node, code: "", remedy: "", ...node };
    this.#draw();
  }

  /** How this page is connected to the node. */
  setLink(link) {
    this.#link = link;
    this.#draw();
  }

  #draw() {
    const isOpen = this.#link.phase === "open";
    const isFirst = !isOpen && this.#node === null && this.#link.phase !== "waiting";
    const state = isOpen ? this.#node.state : isFirst ? "connecting" : "offline";
    setAttribute(this.#pill, "data-node-state", state);
    setIcon(this.#picture, state);
    setText(this.#word, say(`node.${state}`));
    const why = isOpen ? (state === "online" ? "" : this.#node.reason) : isFirst ? "" : say("node.unlinked");
    setText(this.#why, isOpen && this.#node.remedy ? `${why}. ${this.#node.remedy}` : why);
    this.#why.hidden = !why || !isOpen; // without a connection the banner says it
    this.#drawFacts();
    this.#drawBanner();
  }

  #drawFacts() {
    const { peers = 0, address = "", node_id = "" } = this.#node ?? {};
    byId("node-peers").textContent = this.#node ? say("node.peers", { n: peers }) : "";
    byId("node-address").textContent = address;
    byId("node-id").textContent = node_id;
    this.#facts.hidden = !node_id;
  }

  #drawBanner() {
    const { phase, reason, error } = this.#link;
    const shown = phase === "waiting" || phase === "ended" || Boolean(error);
    // While the next attempt runs the banner stays, so that nothing jumps up and down.
    if (phase === "open") this.#hideBanner();
    else if (shown) this.#banner.hidden = false;
    setAttribute(this.#banner, "data-phase", phase);
    this.#offer(phase === "ended" ? (WAYS[reason] ?? "tryNow") : "tryNow");
    if (shown) setText(this.#bannerText, bannerWords(this.#link));
    this.#drawTime();
  }

  /** Who is at a button that is of no use any more is then at the one that is. */
  #offer(way) {
    const offered = this.#ways[way];
    offered.hidden = false;
    for (const other of Object.values(this.#ways)) {
      if (other === offered) continue;
      passFocus(other, offered);
      other.hidden = true;
    }
  }

  /** Who pressed its button goes on at what says that the node is there. */
  #hideBanner() {
    passFocus(this.#banner, this.#summary);
    this.#banner.hidden = true;
  }

  #drawTime() {
    if (this.#banner.hidden) return;
    const { phase, retryAt_ms } = this.#link;
    const n = Math.max(1, Math.ceil((retryAt_ms - this.#now_ms()) / 1000));
    const trying = phase === "connecting" || phase === "greeting";
    setText(this.#bannerTime, phase === "waiting" ? say("link.next", { n }) : trying ? say("link.trying") : "");
  }
}

/** Where another try is of no use: what is. */
const WAYS = { "link.session": "signIn", "link.changed": "reload" };

const keptWords = (phase) => (phase === "waiting" ? say("link.kept") : "");

const bannerWords = ({ phase, reason, code, error }) =>
  error ? `${error.message}. ${error.remedy}` : `${say(reason, { code })} ${keptWords(phase)}`.trim();
