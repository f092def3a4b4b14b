/**
 * The people of a channel: whom the own node reaches, and whom one does not want to hear.
 *
 * Asked anew every few seconds as long as it is open: "reachable" is what the node found just now, and a list that
 * could not be had says so instead of showing an old one as new.
 */

import { say } from "../strings.js";
import { avatar, byId, h, hueClass, icon, setText } from "./dom.js";

const ASK_MS = 5000;
const MINUTE_MS = 60_000;

export class MembersView {
  #source;
  #list = byId("members");
  #note = byId("members-note");
  #timer = null;
  #channel = null;
  #drawn = "";

  /** `source`: `ask(channel)`, `me()`, `isBlocked(id)`, `block(id, on)`, `fallback(id)` for a name. */
  constructor(source) {
    this.#source = source;
    this.#list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-node]");
      if (button) source.block(button.dataset.node, button.getAttribute("aria-pressed") !== "true");
    });
  }

  open(channel) {
    this.#channel = channel;
    this.#drawn = "";
    this.#list.replaceChildren();
    setText(this.#note, say("members.looking"));
    this.#ask();
  }

  close() {
    clearTimeout(this.#timer);
    this.#channel = null;
  }

  /** Who is blocked has changed. */
  refresh() {
    if (this.#channel === null) return;
    clearTimeout(this.#timer);
    this.#ask();
  }

  async #ask() {
    const channel = this.#channel;
    try {
      const answer = await this.#source.ask(channel);
      if (channel === this.#channel) this.#draw(answer);
    } catch (error) {
      if (channel === this.#channel) setText(this.#note, say("members.unknown", { reason: error.message }));
    }
    if (channel === this.#channel) this.#timer = setTimeout(() => this.#ask(), ASK_MS);
  }

  #draw({ members, total }) {
    const reached = members.filter((member) => member.reachable).length;
    setText(this.#note, say(total > members.length ? "members.some" : "members.all", { n: total, reached, shown: members.length }));
    const drawn = JSON.stringify(members.map((one) => [one.node_id, one.name, one.reachable, since(one), this.#source.isBlocked(one.node_id)]));
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.node : null;
    this.#list.replaceChildren(...members.map((member) => this.#item(member, members)));
    if (focused) this.#list.querySelector(`[data-node="${focused}"]`)?.focus();
  }

  #item(member, members) {
    const { node_id, reachable } = member;
    const name = member.name || this.#source.fallback(node_id);
    const isTwin = members.some((one) => one.node_id !== node_id && one.name && one.name === member.name);
    const isMe = node_id === this.#source.me();
    const called = h("span", { class: `member-name ${hueClass(node_id)}` }, isMe ? say("row.you", { name }) : name);
    if (isTwin) called.append(" ", h("code", {}, node_id.slice(0, 8)));
    const state = h("span", { class: "member-state" }, icon(reachable ? "online" : "offline"), stateWords(member, isMe));
    return h(
      "li",
      { class: "member", "data-reachable": String(reachable), "data-member": node_id },
      h("span", { class: "member-picture" }, avatar(node_id)),
      h("span", { class: "member-words" }, called, state),
      isMe ? null : this.#blockButton(node_id, name),
    );
  }

  #blockButton(node_id, name) {
    const isBlocked = this.#source.isBlocked(node_id);
    const attributes = {
      type: "button",
      class: "quiet",
      "data-node": node_id,
      "aria-pressed": String(isBlocked),
      "aria-label": say("members.block.name", { name }),
    };
    return h("button", attributes, say(isBlocked ? "members.blocked" : "members.block"));
  }
}

const since = ({ answered_ms }) => (answered_ms < 0 ? -1 : Math.floor(answered_ms / MINUTE_MS));

function stateWords({ reachable, answered_ms }, isMe) {
  if (isMe) return say("members.me");
  if (reachable) return say("members.reachable");
  return answered_ms < 0 ? say("members.never") : say("members.since", { n: Math.max(1, Math.round(answered_ms / MINUTE_MS)) });
}
