/**
 * A conversation with everything that a page sends and hears, over a wire with one fault, watched all the while.
 *
 * What a person would do with what is not there yet is done as soon as it is there. `talk` ends when all is quiet.
 */

import assert from "node:assert/strict";

import { isSettled } from "../../static/webchat/js/progress.js";
import { STRENGTH } from "../../static/webchat/js/receipts.js";
import { MemoryStore } from "../../static/webchat/js/outbox_store.js";
import { FakeClock, settle } from "./fakes.mjs";
import { NO_QUORUM, NodeDouble } from "./nodedouble.mjs";
import { PageDouble } from "./pagedouble.mjs";
import { Wire } from "./wiredouble.mjs";

const LOBBY = "#lobby";
const DEN = "#den";
const STEP_MS = 400;
const ROUNDS_MAX = 40;
const ROUND_MS = 3000;

export class Conversation {
  node = new NodeDouble();
  store = new MemoryStore();
  clock = new FakeClock();
  /** What failed although nothing was in its way but the fault of the wire. */
  failures = [];
  #memory = new Map();
  #ids = new Map();
  #discarded = new Set();
  #backAt = 0;
  #stepped = 0;
  #waiting = [];
  #seen;
  #isGone = false;
  #endPage;

  /** `fault`: `{at, how, away, snapshot, restart, answersFirst}`; `away`: steps until there is a network again. */
  constructor(fault = null) {
    this.fault = fault ?? {};
    this.node.answersFirst = Boolean(fault?.answersFirst);
    this.wire = new Wire(this.node, fault, (how) => this.#fell(how));
    this.node.channel(LOBBY).isJoined = true;
    this.node.says(LOBBY, "b0", "b0");
    this.node.says(LOBBY, "b1", "b1");
    this.node.channel(LOBBY).upto = "000002";
  }

  /** Everything, to the end. */
  async talk() {
    await this.#open();
    for (const act of this.#script()) {
      this.#waiting.push(act);
      await this.#goOn(STEP_MS);
    }
    for (let round = 0; round < ROUNDS_MAX && !this.#isQuiet; round += 1) {
      await this.#press();
      await this.#goOn(ROUND_MS);
    }
  }

  /** Nobody has anything left to do. */
  get #isQuiet() {
    const isThrough = this.#waiting.length === 0 && this.store.records.size === 0 && this.node.unfinished.length === 0;
    return isThrough && this.wire.isWhole && this.page.connection.isOpen && !this.#isGone;
  }

  /** What a person does, and others, in this order; false: not possible yet. */
  #script() {
    const { node } = this;
    const own = (name, act) => () => this.#own(name, act);
    return [
      () => this.#write(LOBBY, "m1"),
      () => node.says(LOBBY, "b2", "b2"),
      () => this.#about("b2", (row) => this.#write(LOBBY, "m2", { kind: "reply", row })),
      own("m1", (row) => this.page.acts.send(LOBBY, "m1 again", { kind: "edit", row })),
      () => this.#react("b1", "+"),
      () => node.changes(LOBBY, "b1", { id: "e1", kind: "edit", text: "b1 again" }),
      () => node.changes(LOBBY, "b0", { id: "e2", kind: "delete" }),
      own("m1", ({ id }) => node.changes(LOBBY, id, { id: "e3", kind: "reaction", emoji: "!", on: true })),
      () => node.failing.add("m3") && this.#write(LOBBY, "m3"),
      () => node.failing.add("m4") && this.#write(LOBBY, "m4"),
      own("m4", ({ id, state }) => state === "failed" && this.#discard(id)),
      () => this.page.reading.seen(LOBBY, "000003", this.page.messages.rows(LOBBY)),
      () => this.page.join(DEN),
      () => this.#write(DEN, "d1"),
      own("m2", (row) => this.page.acts.act("delete", row.id)),
      () => node.channel(DEN).isJoined && node.says(DEN, "x1", "x1"),
      () => this.#react("b1", "+"),
      () => (node.limited = 1) && this.#write(LOBBY, "m5"),
      () => node.failing.add("m1 lost") && true,
      own("m1", (row) => this.page.acts.send(LOBBY, "m1 lost", { kind: "edit", row })),
      own("m1", ({ change }) => change?.state === "failed" && this.#discard(change.id)),
      () => this.#react("b2", "?"),
      () => node.changes(LOBBY, "b2", { id: "e4", kind: "reaction", emoji: "?", on: true }),
      () => node.says(LOBBY, "b3", "b3"),
    ];
  }

  async #open() {
    this.#seen = new Map();
    this.#isGone = false;
    const { store } = this;
    const memory = this.#memory;
    const listener = { changed: (row, from) => this.#watch(row, from), removed: (row) => this.#removed(row), changeTold() {} };
    this.page = new PageDouble({ store, memory, clock: this.#clockOfPage(), makeSocket: this.wire.makeSocket, listener });
    await this.page.start();
    await this.wire.run();
  }

  /** The clock as long as the page is there; its timers go with it. */
  #clockOfPage() {
    const life = { isOver: false };
    this.#endPage = () => {
      life.isOver = true;
    };
    const later = (ms, call) => this.clock.later(ms, () => life.isOver || call());
    return { now: this.clock.now, later };
  }

  async #goOn(ms) {
    this.#stepped += 1;
    if (this.#stepped > this.#backAt) this.wire.isDown = false;
    const acts = this.#waiting;
    this.#waiting = [];
    for (const act of acts) {
      if (this.page.messages.rows(LOBBY).length === 0 || act() === false) this.#waiting.push(act);
    }
    await settle();
    await this.wire.run();
    this.node.step();
    await this.wire.run();
    this.clock.pass(ms);
    await this.wire.run();
    if (this.#isGone) await this.#open();
  }

  #fell(how) {
    this.node.holdsEvents = !this.fault.snapshot;
    if (this.fault.restart) this.node.restart();
    this.wire.isDown = this.fault.away > 0;
    this.#backAt = this.#stepped + this.fault.away;
    if (how !== "reload") return;
    this.#endPage();
    this.wire.endAll();
    this.#isGone = true;
  }

  async #write(channel, text, about = null) {
    await this.page.acts.send(channel, text, about);
    const row = this.page.messages.rows(channel).findLast((each) => each.text === text);
    this.#ids.set(text, row.id);
  }

  /** Do something with a row once it is here and has got out. */
  #about(id, act) {
    const row = this.page.messages.row(id);
    return row ? act(row) : false;
  }

  #own(name, act) {
    return this.#about(this.#ids.get(name), act);
  }

  #react(id, emoji) {
    return this.#about(id, () => this.page.acts.act("toggle", id, { dataset: { emoji } }));
  }

  async #discard(id) {
    this.#discarded.add(id);
    await this.page.acts.act("discard", id);
  }

  /** Whatever offers to be tried again is. */
  async #press() {
    for (const { id, state } of this.page.messages.unsent) if (state === "failed") await this.page.acts.act("retry", id);
  }

  /** A row is never less than it was, unless somebody pressed Retry; its text never goes back. */
  #watch(row, from) {
    for (const { state, error } of [row, row.change ?? row])
      if (state === "failed" && error.code !== NO_QUORUM.code) this.failures.push(`${row.text}: ${error.code}`);
    const was = this.#seen.get(row.id);
    const isRetried = was?.state === "failed" && row.state === "pending" && from === "failed";
    if (was && !isRetried) assert.ok(STRENGTH[row.state] >= STRENGTH[was.state], `${row.text}: ${was.state} -> ${row.state}`);
    if (was) {
      assert.ok(row.stored.k >= was.k && row.delivered.n >= was.n, `${row.text}: counts go back`);
      if (isSettled(was)) assert.notEqual(row.phase, "sending");
    }
    const texts = was?.texts ?? [];
    if (texts.at(-1) !== row.text) {
      // An edit that was discarded goes, and no word of a node that has not heard of that brings it back.
      const isTakenBack = texts.at(-1) === "m1 lost";
      assert.ok(isTakenBack || !texts.includes(row.text), `${texts.join(" | ")} | ${row.text}`);
      texts.push(row.text);
    }
    this.#seen.set(row.id, { state: row.state, k: row.stored.k, n: row.delivered.n, texts });
  }

  #removed(row) {
    assert.ok(this.#discarded.has(row.id), `${row.text} went away`);
  }
}
