/**
 * The health page: the connection, what is known (`model.js`, `tail.js`) and the views, brought together.
 *
 * It draws at most once a frame, when something came, and once a second, because ages grow by themselves.
 */

import { Connection } from "../connection.js";
import { byId, h, oncePerFrame } from "../view/dom.js";
import { Announcing } from "./announcing.js";
import { short } from "./format.js";
import { PushHistory } from "./history.js";
import { HealthModel } from "./model.js";
import { PAST_RECORDS, PastRange } from "./ranging.js";
import { say } from "./strings.js";
import { Tail } from "./tail.js";
import { repairWords, stateOf } from "./verdicts.js";
import { ChannelView } from "./view/channel.js";
import { drawChannels, drawHost, drawLive } from "./view/host.js";
import { DoctorView } from "./view/doctor.js";
import { LogView } from "./view/log.js";
import { NodeView } from "./view/node.js";
import { SwitchView } from "./view/switch.js";
import { TraceView } from "./view/trace.js";

/** What asks other nodes takes longer than the own node's answers. */
const ACROSS_MS = 20_000;
const EXAMINATION_MS = 40_000;

export class HealthPage {
  #clock;
  #model;
  #tail = new Tail();
  #connection;
  #channel;
  #history;
  #trace;
  #log;
  #node = new NodeView();
  #switch;
  #doctor;
  #announcing = new Announcing(() => performance.now());
  #nameOf = (id) => this.#model.nameOf(id) || (id === this.#model.host?.node.id ? say("node.host") : id.startsWith("account:") ? id : short(id));
  #draw = oncePerFrame(() => this.#paint());

  constructor({ websocket }, clock) {
    this.#clock = clock;
    this.#model = new HealthModel(() => performance.now(), channelInAddress());
    const url = new URL(websocket, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const listener = {
      phase: (phase) => this.#entered(phase),
      welcome: () => {}, // the phase that follows it is the beginning
      event: (frame) => this.#take(frame),
      trouble: () => {},
    };
    this.#connection = new Connection({ makeSocket: () => new WebSocket(url), clock, random: Math.random, listener });
    const nameOf = this.#nameOf;
    const range = new PastRange({ clock, request: (frame) => this.#connection.request(frame), found: (answer) => this.#takePast(answer), failed: (error) => this.#missPast(error) });
    this.#history = new PushHistory({ clock, request: (frame) => this.#connection.request(frame), changed: this.#draw });
    this.#channel = new ChannelView({ repair: (subscriber) => this.#repair(subscriber), history: this.#history });
    this.#trace = new TraceView({ ask: (channel, id) => this.#askTrace(channel, id), nameOf });
    this.#switch = new SwitchView({ request: (frame) => this.#connection.request(frame), tell: (words) => this.#tell(words), now: () => performance.now() });
    this.#doctor = new DoctorView({ ask: (address, channel) => this.#examine(address, channel) });
    this.#log = new LogView({ tail: this.#tail, watched: () => this.#model.watched, trace: (channel, id) => this.#trace.show(channel, id), nameOf, changed: this.#draw, range: (filter) => range.choose(filter), tell: (words) => this.#tell(words) });
  }

  start() {
    byId("try-now").addEventListener("click", () => this.#connection.tryNow());
    addEventListener("online", () => this.#model.live.state === "ended" || this.#connection.tryNow());
    addEventListener("offline", () => this.#connection.interrupted("link.offline"));
    addEventListener("hashchange", () => this.#choose(channelInAddress()));
    document.addEventListener("visibilitychange", () => document.hidden || this.#connection.woken());
    this.#connection.tryNow();
    this.#grow();
  }

  #entered(phase) {
    this.#model.connection(phase);
    if (phase.phase === "open") this.#begin();
    this.#draw();
  }

  #grow() {
    this.#draw();
    this.#clock.later(1000, () => this.#grow());
  }

  /** A new connection: the server knows nothing of what this page looks at. */
  #begin() {
    this.#watch();
    this.#connection.request({ type: "events", limit: PAST_RECORDS }).then(
      ({ epoch, records, names }) => {
        this.#model.learn(names);
        this.#tail.add({ epoch, records });
        this.#draw();
      },
      () => {}, // the page says already that it is not live; the next connection asks again
    );
  }

  /** What the worker still has of the range of time that is chosen. */
  #takePast({ epoch, records, more, names }) {
    this.#model.learn(names);
    this.#tail.found({ epoch, records, more });
    if (epoch) this.#tell(this.#log.words());
    this.#draw();
  }

  /** The range of time could not be asked for. */
  #missPast({ message, remedy }) {
    this.#tail.missed(`${message}. ${remedy}`);
    this.#tell(this.#log.words());
    this.#draw();
  }

  #watch() {
    this.#connection.request({ type: "watch", channel: this.#model.watched }).catch(() => {}); // as above
  }

  #take(frame) {
    if (frame.type === "health") {
      if (this.#model.take(frame)) this.#watch();
      this.#doctor.heard(frame.examination);
      this.#tell(this.#announcing.heard(frame));
    } else if (frame.type === "events") this.#tail.add({ ...frame, records: frame.events });
    else if (frame.type === "health.lost") this.#model.lost(frame.error);
    this.#draw();
  }

  #paint() {
    const model = this.#model;
    drawLive(model, this.#clock.now());
    if (!model.host) return;
    drawHost(model);
    const title = say("title", { state: model.live.state === "live" ? stateOf(model.host.verdict).word : say("live.never") });
    if (document.title !== title) document.title = title;
    drawChannels(model, (channel) => this.#choose(channel));
    this.#history.follow(model.watched);
    this.#channel.draw(model, this.#nameOf);
    this.#trace.offer(model.watched);
    this.#log.draw();
    this.#node.draw(model.host);
    this.#switch.draw(model.host.diagnostic);
  }

  #choose(channel) {
    if (!channel || !this.#model.choose(channel)) return;
    history.replaceState(null, "", `#${encodeURIComponent(channel)}`);
    this.#watch();
    this.#log.followed();
    this.#draw();
  }

  /** Say something to screen readers, the same words again as well. */
  #tell(words) {
    if (words) byId("announcer").replaceChildren(h("p", {}, words));
  }

  async #repair(subscriber) {
    let told;
    try {
      told = repairWords((await this.#connection.request({ type: "repair", channel: this.#model.watched, subscriber }, ACROSS_MS)).result);
    } catch (error) {
      told = say("repair.failed", { reason: `${error.message}. ${error.remedy}` });
    }
    this.#tell(`${this.#nameOf(subscriber)}: ${told}`);
    this.#draw();
    return told;
  }

  async #askTrace(channel, id) {
    const { trace, names } = await this.#connection.request({ type: "trace", channel, id }, ACROSS_MS);
    this.#model.learn(names);
    return trace;
  }

  async #examine(address, channel) {
    return (await this.#connection.request({ type: "doctor", address, channel: channel || null }, EXAMINATION_MS)).steps;
  }
}

/** The channel that the page's address names, after its `#`; other words there are places on the page. */
function channelInAddress() {
  try {
    const named = decodeURIComponent(location.hash.slice(1));
    return named.startsWith("#") ? named : null;
  } catch {
    return null; // not of our making
  }
}
