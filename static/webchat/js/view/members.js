/**
 * The people of a channel: whom the own node reaches, and whom one does not want to hear.
 *
 * Asked anew every few seconds as long as it is open: "reachable" is what the node found just now, and a list that
 * could not be had says so instead of showing an old one as new.
 */

import { say } from "../strings.js";
import { byId, h, hueClass, icon, setText } from "./dom.js";
import { nameMarks } from "./namemarks.js";
import { portrait } from "./portrait.js";

const ASK_MS = 5000;
const MINUTE_MS = 60_000;

export class MembersView {
  #source;
  #list = byId("members");
  #note = byId("members-note");
  #timer = null;
  #channel = null;
  #run = 0;
  #answer = null;
  #drawn = "";

  /** `source`: `ask(channel)`, `me()`, `isBlocked(id)`, `block(id, on)`, `who(id, name)`, `open(id)`. */
  constructor(source) {
    this.#source = source;
    this.#list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-node]");
      if (button) source.block(button.dataset.node, !source.isBlocked(button.dataset.node));
      const person = event.target.closest("button[data-person]");
      if (person) source.open(person.dataset.person);
    });
  }

  open(channel) {
    this.close();
    this.#channel = channel;
    this.#drawn = "";
    this.#list.replaceChildren();
    setText(this.#note, say("members.looking"));
    this.#ask(this.#run);
  }

  close() {
    this.#run += 1; // who is asking ends with its answer, also when the panel is open again by then
    clearTimeout(this.#timer);
    this.#channel = null;
    this.#answer = null;
  }

  /** Something about these people is new on this page; who is there is asked in its turn. */
  refresh() {
    if (this.#channel !== null && this.#answer) this.#draw(this.#answer);
  }

  async #ask(run) {
    try {
      const answer = await this.#source.ask(this.#channel);
      if (run === this.#run) this.#draw(answer);
    } catch (error) {
      if (run === this.#run) setText(this.#note, say("members.unknown", { reason: error.message }));
    }
    if (run === this.#run) this.#timer = setTimeout(() => this.#ask(run), ASK_MS);
  }

  #draw(answer) {
    this.#answer = answer;
    const { total } = answer;
    const members = answer.members.map((one) => ({ ...one, who: this.#source.who(one.node_id, one.name) }));
    const reached = members.filter((member) => member.reachable).length;
    setText(this.#note, say(total > members.length ? "members.some" : "members.all", { n: total, reached, shown: members.length }));
    const drawn = JSON.stringify(members.map((one) => [one.who, one.reachable, one.forked, since(one), this.#source.isBlocked(one.node_id)]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const { node, person } = this.#list.contains(document.activeElement) ? document.activeElement.dataset : {};
    this.#list.replaceChildren(...members.map((member) => this.#item(member)));
    if (node) this.#list.querySelector(`[data-node="${node}"]`)?.focus();
    if (person) this.#list.querySelector(`[data-person="${person}"]`)?.focus();
  }

  #item(member) {
    const { node_id, reachable, who } = member;
    const { name } = who;
    const isMe = node_id === this.#source.me();
    const called = h("span", { class: `member-name ${hueClass(node_id)}` }, isMe ? say("row.you", { name }) : name);
    called.append(...nameMarks(who));
    const forked = member.forked ? h("span", { class: "member-state member-forked" }, icon("failed"), say("members.forked")) : null;
    const state = h("span", { class: "member-state" }, icon(reachable ? "online" : "offline"), this.#stateWords(member, isMe));
    return h(
      "li",
      { class: "member", "data-reachable": String(reachable), "data-forked": String(member.forked === true), "data-member": node_id },
      h(
        "button",
        { type: "button", class: "member-open", "data-person": node_id, "aria-haspopup": "dialog" },
        h("span", { class: "member-picture" }, portrait(who)),
        h("span", { class: "member-words" }, called, state, forked),
      ),
      isMe ? null : this.#blockButton(node_id, name),
    );
  }

  #blockButton(node_id, name) {
    const isBlocked = this.#source.isBlocked(node_id);
    const attributes = {
      type: "button",
      class: "quiet",
      "data-node": node_id,
      "aria-label": say(isBlocked ? "members.unblock.name" : "members.block.name", { name }),
    };
    return h("button", attributes, say(isBlocked ? "members.unblock" : "members.block"));
  }

  #stateWords(member, isMe) {
    const state = stateWords(member, isMe);
    return this.#source.isBlocked(member.node_id) ? say("members.blocked", { state }) : state;
  }
}

const since = ({ answered_ms }) => (answered_ms < 0 ? -1 : Math.floor(answered_ms / MINUTE_MS));

function stateWords({ reachable, answered_ms }, isMe) {
  if (isMe) return say("members.me");
  if (reachable) return say("members.reachable");
  return answered_ms < 0 ? say("members.never") : say("members.since", { n: Math.max(1, Math.round(answered_ms / MINUTE_MS)) });
}
