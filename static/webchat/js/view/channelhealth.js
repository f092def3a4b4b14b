/**
 * How the open channel is: the line above the conversation while nothing can be confirmed, and what is heard when it changes.
 */

import { downWords, heardWords, isTrouble } from "../channelhealth.js";
import { say } from "../strings.js";
import { byId, h, icon, setText } from "./dom.js";

const PICTURES = { degraded: "impaired", down: "broken" };

/** The mark of a channel that is not well, for the eye and in words; nothing of one that is. */
export function stateMark(health) {
  if (!isTrouble(health)) return [];
  const word = say(`health.state.${health.state}`);
  const mark = h("span", { class: "channel-state", "data-state": health.state, title: word, "aria-hidden": "true" }, icon(PICTURES[health.state]));
  return [mark, h("span", { class: "visually-hidden" }, ` ${word}`)];
}

export class ChannelHealthView {
  #announcer;
  #line = byId("channel-why");
  #channel = null;
  #heard = null;

  constructor(announcer) {
    this.#announcer = announcer;
  }

  /** `channel` is open, or null; `health`: null where it is not known. */
  draw(channel, health) {
    const words = channel === null ? "" : downWords(channel, health);
    setText(this.#line, words);
    this.#line.hidden = !words;
    this.#tell(channel, health);
  }

  /** Somebody who does not look hears that it got worse or better, not how it is wherever they go. */
  #tell(channel, health) {
    const isOther = channel !== this.#channel;
    if (isOther) [this.#channel, this.#heard] = [channel, null];
    if (channel === null || health === null) return;
    const words = heardWords(channel, health);
    if (this.#heard !== null && this.#heard !== words) this.#announcer.say("health", words);
    this.#heard = words;
  }
}
