/** The top of the page: whether it is live, the host's verdict, and the list of channels. */

import { byId, h, icon, setAttribute, setIcon, setText } from "../../view/dom.js";
import { ago, bytes, count, time } from "../format.js";
import { OLD_PICTURE } from "../model.js";
import { hasWords, say } from "../strings.js";
import { canaryWords, channelSentence, channelStateOf, hostRemedy, hostSentence, stateOf, waitingWords } from "../verdicts.js";
import { drawFacts, keyed } from "./table.js";

/** Live, or why not; the words about the age are for the eye, what changes is announced by the alert. */
export function drawLive({ live, shownAge_ms }, now_ms) {
  const { state, reason, error, retryAt_ms } = live;
  setAttribute(byId("live"), "data-live", state);
  const known = shownAge_ms !== null;
  const key = { live: "live", connecting: "live.connecting", ended: reason === "link.rights" ? "live.refused" : "live.ended", stale: known ? "live.stale" : "live.never" }[state];
  setText(byId("live-word"), say(key, { age: known ? ago(shownAge_ms) : "" }));
  const gone = state === "stale" || state === "ended";
  setAttribute(byId("stale"), "hidden", !gone);
  const one = reason === OLD_PICTURE; // the others on the page are live, and there is nothing to try again
  document.body.classList.toggle("is-stale", gone && !one);
  byId("channel").classList.toggle("is-old", one);
  if (!gone) return;
  setText(byId("stale-title"), say("stale.title"));
  setText(byId("stale-wait"), retryAt_ms ? say("stale.retry", { n: Math.max(1, Math.ceil((retryAt_ms - now_ms) / 1000)) }) : "");
  const why = error ? `${error.message}. ${error.remedy}` : say(hasWords(reason) ? reason : "link.lost");
  setText(byId("stale-why"), why);
  const signedOut = reason === "link.session";
  setAttribute(byId("try-now"), "hidden", signedOut || one || reason === "link.rights");
  setAttribute(byId("sign-in"), "hidden", !signedOut);
}

/** The verdict of the host and what it rests on. */
export function drawHost(model) {
  const { host } = model;
  const { state, word, icon: picture } = stateOf(host.verdict);
  const place = byId("host-icon");
  setAttribute(byId("host"), "data-state", state);
  if (place.firstChild) setIcon(place.firstChild, picture);
  else place.append(icon(picture));
  setText(byId("host-word"), word);
  setText(byId("host-sentence"), hostSentence(host, model.channels));
  const remedy = hostRemedy(host);
  setAttribute(byId("host-remedy"), "hidden", !remedy);
  setText(byId("host-remedy"), remedy);
  drawFacts(byId("host-facts"), [
    [say("fact.people"), count(host.users)],
    [say("fact.peers"), count(host.node.peers)],
    [say("fact.canary"), canaryWords(host.canary, model.ageOf({ as_of_ms: host.canary.last_ok_ms }))],
    [say("fact.store"), say("fact.store.value", { size: bytes(host.store.bytes), free: bytes(host.store.free) })],
    [say("fact.uptime"), time(host.uptime_s * 1000)],
    [say("fact.version"), host.version],
  ]);
}

/** The channels, worst first; `choose(channel)` when one is pressed. */
export function drawChannels(model, choose) {
  const { channels, more } = model;
  setAttribute(byId("more-channels"), "hidden", !more);
  if (more) setText(byId("more-channels"), say("channels.more", { n: more }));
  setAttribute(byId("no-channels"), "hidden", channels.length > 0);
  keyed(byId("channel-list"), channels, (each) => each.channel, (each) => makeChannel(each, choose), (element, each) => drawChannel(element, each, model));
}

function makeChannel({ channel }, choose) {
  const button = h(
    "button",
    { type: "button", class: "channel-choice" },
    icon("untested"),
    h("span", { class: "choice-words" }, h("span", { class: "choice-name" }, channel), h("span", { class: "choice-state" }), h("span", { class: "choice-sentence" }), h("span", { class: "choice-age" })),
  );
  button.addEventListener("click", () => choose(channel));
  return h("li", {}, button);
}

function drawChannel(element, brief, model) {
  const button = element.firstElementChild;
  const { state, word, icon: picture } = channelStateOf(brief.verdict, brief.error);
  setAttribute(button, "data-state", state);
  setAttribute(button, "aria-current", brief.channel === model.watched ? "true" : null);
  setIcon(button.firstElementChild, picture);
  setText(button.querySelector(".choice-state"), word);
  const age_ms = model.oldnessOf(brief);
  setText(button.querySelector(".choice-age"), age_ms !== null ? say("channel.age", { ago: ago(age_ms) }) : "");
  setText(button.querySelector(".choice-sentence"), brief.verdict ? channelSentence(brief) : waitingWords(brief.error));
}
