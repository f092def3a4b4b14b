/** The health page never calls old news live, keeps to the chosen channel, and says in words how all is. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HealthModel, LIVE_MS } from "../../static/webchat/js/health/model.js";
import { tilesOf } from "../../static/webchat/js/health/tiles.js";
import { audienceWords, briefOf, canaryWords, channelSentence, channelStateOf, hostRemedy, hostSentence, reasonsOf, repairWords, stateOf, waitingWords } from "../../static/webchat/js/health/verdicts.js";
import { brief, channelPicture, hostPicture, initiator, INITIATORS, NOW, subscriber } from "./healthdouble.mjs";

class Clock {
  ms = 0;
  model = new HealthModel(() => this.ms);
  pass(ms) {
    this.ms += ms;
    return this.model;
  }
}

const frame = (changes = {}) => ({ host: hostPicture(), channels: [brief("#lobby")], detail: null, names: {}, ...changes });

test("what has come is live until it is two seconds old", () => {
  const clock = new Clock();
  assert.equal(clock.model.live.state, "connecting");
  clock.model.connection({ phase: "open" });
  clock.model.take(frame());
  assert.equal(clock.pass(LIVE_MS).live.state, "live");
  assert.deepEqual(clock.pass(1).live, { state: "stale", reason: "stale.slow", error: null });
  clock.model.take(frame());
  assert.equal(clock.model.live.state, "live");
});

test("a page without a connection says why, and keeps what it has", () => {
  const clock = new Clock();
  clock.model.connection({ phase: "open" });
  clock.model.take(frame());
  clock.model.connection({ phase: "waiting", reason: "link.lost", retryAt_ms: 9 });
  assert.equal(clock.pass(500).live.state, "live");
  assert.deepEqual(clock.pass(2000).live, { state: "stale", reason: "link.lost", error: null, retryAt_ms: 9 });
  assert.equal(clock.model.channels.length, 1);
});

test("a server without its worker says so at once, until it is back", () => {
  const clock = new Clock();
  clock.model.connection({ phase: "open" });
  clock.model.take(frame());
  const error = { code: "WORKER_UNAVAILABLE", message: "Your node does not answer", remedy: "Wait." };
  clock.model.lost(error);
  assert.equal(clock.model.live.error, error);
  clock.model.take(frame());
  assert.equal(clock.model.live.state, "live");
});

test("a session that has ended is no matter of waiting", () => {
  const clock = new Clock();
  clock.model.connection({ phase: "ended", reason: "link.session" });
  assert.equal(clock.model.live.state, "ended");
});

test("the worst channel is looked at until somebody chooses, and the choice stays", () => {
  const { model } = new Clock();
  assert.equal(model.take(frame({ channels: [brief("#bad", "down"), brief("#lobby")] })), true);
  assert.equal(model.watched, "#bad");
  assert.equal(model.choose("#lobby"), true);
  assert.equal(model.take(frame({ channels: [brief("#bad", "down")], detail: channelPicture({ channel: "#bad" }) })), false);
  assert.equal(model.watched, "#lobby");
  assert.equal(model.detail, null); // of a channel that is not looked at any more
  model.take(frame({ detail: channelPicture() }));
  assert.equal(model.detail.channel, "#lobby");
  assert.equal(model.choose("#lobby"), false);
});

test("the age of a channel's picture is that of its look and the time since it came", () => {
  const clock = new Clock();
  clock.model.take(frame());
  clock.model.take(frame({ detail: channelPicture({ as_of_ms: NOW - 700 }) }));
  assert.equal(clock.pass(300).detailAge_ms, 1000);
});

test("a channel whose look fails or takes long is not called live, however often a snapshot comes", () => {
  const clock = new Clock();
  clock.model.connection({ phase: "open" });
  clock.model.take(frame());
  const seen = channelPicture({ as_of_ms: NOW });
  const after = (ms) => clock.model.take(frame({ host: hostPicture({ at_ms: NOW + ms }), detail: seen }));
  after(LIVE_MS - 100);
  assert.deepEqual([clock.model.live.state, clock.model.shownAge_ms], ["live", LIVE_MS - 100]);
  assert.deepEqual(clock.pass(101).live, { state: "stale", reason: "stale.picture", error: null });
  after(9000); // the server answers at once, and its last picture is still the old one
  assert.deepEqual([clock.model.live.reason, clock.model.age_ms, clock.model.shownAge_ms], ["stale.picture", 0, 9000]);
  clock.model.take(frame({ host: hostPicture({ at_ms: NOW + 9000 }), detail: channelPicture({ as_of_ms: NOW + 8900 }) }));
  assert.equal(clock.model.live.state, "live");
});

test("of a channel that is gone no old picture is left; while it is only not looked at, there is", () => {
  const { model } = new Clock();
  model.take(frame());
  model.take(frame({ detail: channelPicture() }));
  model.take(frame()); // the worker began anew and has not looked yet
  assert.equal(model.detail.channel, "#lobby");
  model.take(frame({ channels: [], more: 1 })); // perhaps among those that are not listed
  assert.equal(model.detail.channel, "#lobby");
  model.take(frame({ channels: [] }));
  assert.equal(model.detail, null);
});

test("each line of the list has an age of its own, and none before it was looked at", () => {
  const clock = new Clock();
  clock.model.take(frame({ channels: [{ ...brief("#lobby"), as_of_ms: NOW - 40_000 }, { channel: "#tea", verdict: null }] }));
  const [lobby, tea] = clock.pass(500).channels;
  assert.equal(clock.model.ageOf(lobby), 40_500);
  assert.equal(clock.model.ageOf(tea), null);
  const told = (ms) => clock.model.oldnessOf({ as_of_ms: NOW - ms + 500 });
  assert.deepEqual([told(LIVE_MS), told(LIVE_MS + 1), clock.model.oldnessOf(tea)], [null, LIVE_MS + 1, null]);
});

test("nodes of this server's users have names, others none", () => {
  const { model } = new Clock();
  model.take(frame({ names: { [INITIATORS[0]]: "ann" } }));
  assert.equal(model.nameOf(INITIATORS[0]), "ann");
  assert.equal(model.nameOf(INITIATORS[1]), "");
});

test("a channel in one sentence", () => {
  const well = { verdict: { reasons: [], p95_ms: 80 }, initiators: 5, answering: 5, subscribers: 12, reached: 11, untested: 1, p95_ms: 70, attempted: 9 };
  const counts = "5 of 5 initiators answer; 11 of 12 subscribers are reached; 1 not tested yet";
  assert.equal(channelSentence(well), `${counts}; 95 of 100 pushes of the last minute within 80 ms.`);
  assert.equal(channelSentence({ ...well, verdict: { reasons: [], p95_ms: null } }), `${counts}.`, "pushes, but none in the last minute");
  const alone = { initiators: 1, answering: 1, subscribers: 0, reached: 0, p95_ms: null, attempted: 0 };
  assert.equal(channelSentence(alone), "1 of 1 initiator answers; nobody is subscribed; no pushes in the last 5 minutes.");
});

const because = (code, says, numbers, p95_ms = null) => ({ state: "degraded", reasons: [{ state: "degraded", code, message: "It is broken", remedy: "r", says, numbers }], p95_ms });

test("the sentence begins with why a channel is not well, and contradicts it by no number", () => {
  const line = { initiators: 3, answering: 3, subscribers: 3, reached: 3, p95_ms: 12, attempted: 9 };
  const says = (verdict, changes = {}) => channelSentence({ ...line, ...changes, verdict });
  const counts = "3 of 3 initiators answer; 3 of 3 subscribers are reached";
  assert.equal(says(because("PATH_BROKEN", "PATH_BROKEN", { subscribers: 1 })), `1 subscriber is not reached by every initiator; ${counts}.`);
  assert.equal(
    says(because("DELIVERY_SLOW", "DELIVERY_SLOW.disk", { p95_ms: 2300, round_trip_ms: 9 }, 2300)),
    `Deliveries are slow, p95 2.3 s, most of it for disks; ${counts}.`,
  );
  const silent = because("INITIATOR_SILENT", "INITIATOR_SILENT", { silent: 1, of: 3 });
  assert.equal(says(silent, { answering: 2 }), "1 of 3 initiators is silent; 3 of 3 subscribers are reached.", "said once");
  const unreached = because("SUBSCRIBER_UNREACHABLE", "SUBSCRIBER_UNREACHABLE", { unreached: 1, of: 3 });
  assert.equal(says(unreached, { reached: 2 }), "1 of 3 subscribers can't be reached; 3 of 3 initiators answer.");
  assert.equal(says(because("X", "OF_A_LATER_ENGINE", {})), `It is broken; ${counts}.`);
});

test("whom one initiator alone names is counted neither as a subscriber nor as unreached", () => {
  const picture = channelPicture();
  picture.subscribers.push(subscriber("f6", { lone: true, reached: "no" }));
  const { subscribers, reached } = briefOf({ ...picture, audience: 4 });
  assert.deepEqual([subscribers, reached], [3, 3]);
  picture.subscribers[3].reason = { code: "SUBSCRIBER_UNLISTED", message: "", remedy: "" };
  assert.equal(audienceWords({ ...picture, audience: 4 }), "All 3 subscribers are reached.", "one denominator on one page");
  picture.subscribers[3].reached = "untested";
  assert.equal(audienceWords({ ...picture, audience: 4 }), "All 3 subscribers are reached.");
  picture.subscribers[0].reason = { code: "PATH_BROKEN", message: "", remedy: "" };
  assert.equal(audienceWords({ ...picture, audience: 4 }), "One of 3 has a trouble.");
});

test("who has not been heard yet is counted neither as answering nor as silent", () => {
  const picture = channelPicture();
  picture.initiators[2] = initiator(INITIATORS[2], { answers: false, unheard: true, outcome: "unheard" });
  const { answering, unheard } = briefOf(picture);
  assert.deepEqual([answering, unheard], [2, 1]);
  assert.match(channelSentence(briefOf(picture)), /^2 of 3 initiators answer; 1 not heard yet; /);
});

test("the host says which part decided its verdict", () => {
  const says = (verdict, node = { reason: "" }) => hostSentence({ verdict, node });
  assert.equal(says({ cause: "", channels: 2, troubled: 0 }), "All 2 channels are well.");
  assert.equal(says({ cause: "looking", channels: 9, seen: 4, troubled: 0 }), "4 of 9 channels have been looked at.");
  assert.equal(says({ cause: "", channels: 0, troubled: 0 }), "The node runs; it is in no channel yet.");
  assert.equal(says({ cause: "channels", channels: 4, troubled: 1 }), "1 of 4 channels is not well.");
  assert.equal(says({ cause: "channels", channels: 1, troubled: 1 }), "The one channel is not well.");
  assert.equal(says({ cause: "node", channels: 0, troubled: 0 }, { reason: "Nobody answers." }), "Nobody answers.");
  for (const cause of ["canary", "names"]) assert.ok(says({ cause, channels: 0, troubled: 0 }).length > 20);
  const disk = (state) => says({ state, cause: "store", channels: 0, troubled: 0 });
  assert.equal(disk("degraded"), "There is little room left on the disk.");
  assert.match(disk("down"), /^There is almost no room on the disk/);
});

test("the host names the channels that can't be looked at, also beside others that are not well", () => {
  const hidden = (...names) => names.map((channel) => ({ channel, verdict: null, error: { code: "CHANNEL_UNSEEN" } }));
  const says = (verdict, lines) => hostSentence({ verdict, node: { reason: "" } }, lines);
  const unseen = { state: "degraded", cause: "unseen", channels: 5, troubled: 0, failed: 1 };
  assert.equal(says(unseen, [...hidden("#tea"), brief("#well")]), "1 of 5 channels can't be looked at: #tea.");
  assert.equal(says({ ...unseen, failed: 4 }, hidden("#a", "#b", "#c", "#d")), "4 of 5 channels can't be looked at: #a, #b, #c, ….");
  const both = { ...unseen, cause: "channels", troubled: 2 };
  assert.equal(says(both, hidden("#tea")), "2 of 5 channels are not well. 1 of 5 channels can't be looked at: #tea.");
});

test("whose node is cut off is told, though channels are well by the others", () => {
  const host = (users_offline) => ({ verdict: { cause: "", channels: 2, troubled: 0, failed: 0 }, node: { reason: "" }, users_offline });
  assert.equal(hostSentence(host(0)), "All 2 channels are well.");
  assert.equal(hostSentence(host(1)), "All 2 channels are well. The node of one person here reaches nobody at the moment.");
});

test("the host names the channel that is worst, and why it is", () => {
  const host = { verdict: { cause: "channels", channels: 4, troubled: 2 }, node: { reason: "" } };
  const worst = { channel: "#bad", verdict: because("PATH_BROKEN", "PATH_BROKEN", { subscribers: 2 }) };
  const gone = { channel: "#gone", verdict: worst.verdict, error: { code: "CHANNEL_UNSEEN" } };
  const said = "2 of 4 channels are not well. #bad: 2 subscribers are not reached by every initiator.";
  assert.equal(hostSentence(host, [gone, { channel: "#new", verdict: null }, worst, brief("#well")]), said);
  assert.equal(hostSentence(host, [brief("#well")]), "2 of 4 channels are not well.", "it is not among those listed");
});

test("a test message that fails is told with its code and what to do", () => {
  const error = { code: "NO_QUORUM", message: "Too few nodes answer", remedy: "Run the doctor." };
  assert.equal(hostRemedy({ verdict: { error } }), "Too few nodes answer. Run the doctor. (NO_QUORUM)");
  assert.equal(hostRemedy({ verdict: { error: null } }), "");
});

test("states differ by word and picture, also the one of no verdict", () => {
  const shown = [null, ...["healthy", "degraded", "down"].map((state) => ({ state }))].map(stateOf);
  for (const part of ["word", "icon", "state"]) assert.equal(new Set(shown.map((each) => each[part])).size, 4);
  assert.equal(stateOf({ state: "unknown", cause: "looking" }).word, "Looking …");
  assert.deepEqual(reasonsOf(null), []);
});

test("subscribers that nobody has tried to reach yet are not called reached", () => {
  const { matrix } = channelPicture();
  const told = (...changes) => audienceWords({ audience: changes.length, subscribers: changes.map((each, at) => subscriber(`${at}`, each)), matrix });
  const [untested, troubled] = [{ reached: "untested" }, { reached: "no", reason: { code: "X", message: "", remedy: "" } }];
  assert.equal(told(), "Nobody gets this channel's messages at the moment.");
  assert.equal(told({}, {}), "All 2 subscribers are reached.");
  assert.equal(told({}, untested), "One of 2 is reached. One has not been tested yet.");
  assert.equal(told(untested, untested), "2 have not been tested yet.");
  assert.equal(told({}, untested, troubled), "One of 3 has a trouble. One has not been tested yet.");
  assert.equal(audienceWords({ audience: 0, subscribers: [], matrix: {} }), "No node that stores the channel has said who gets its messages.");
});

test("how many messages are kept too rarely is no zero where no initiator says", () => {
  const told = (under) => tilesOf(channelPicture({ replication: { of: 3, held_by: [0, 0, 0, 0], under } })).find(([name]) => name === "under");
  assert.deepEqual([null, 0, 4].map(told), [["under", "–", "", false], ["under", "0", "", false], ["under", "4", "", true]]);
});

test("what a repair found", () => {
  assert.equal(repairWords({ reached_by: 0, of: 5, relayed: 0 }), "No initiator found a way.");
  assert.equal(repairWords({ reached_by: 5, of: 5, relayed: 0 }), "5 of 5 initiators reach it now.");
  assert.match(repairWords({ reached_by: 4, of: 5, relayed: 2 }), /2 of them through another node/);
});

test("how long ago a test message came through is told by the server's clock, whatever the browser's says", () => {
  const clock = new Clock();
  const canary = { state: "failed", code: "NO_QUORUM", last_ok_ms: NOW - 40_000, latency_ms: null };
  clock.model.take(frame({ host: hostPicture({ canary }) }));
  const model = clock.pass(2000);
  assert.equal(canaryWords(canary, model.ageOf({ as_of_ms: canary.last_ok_ms })), "fails (NO_QUORUM), last arrived 42 s ago");
  assert.equal(canaryWords({ ...canary, last_ok_ms: null }, model.ageOf({ as_of_ms: null })), "fails (NO_QUORUM), last arrived never");
  assert.equal(canaryWords({ state: "ok", latency_ms: 12 }, 0), "arrived in 12 ms");
  assert.equal(canaryWords({ state: "alone" }, null), "not sent: no other node runs");
});

test("a channel that can't be looked at says why, and is not called what it was before", () => {
  const error = { code: "CHANNEL_UNSEEN", message: "The channel's health can't be looked at", remedy: "Let the doctor look" };
  assert.equal(waitingWords(undefined), "Being looked at …");
  assert.equal(waitingWords(error), "The channel's health can't be looked at. Let the doctor look (CHANNEL_UNSEEN)");
  assert.deepEqual(channelStateOf({ state: "healthy" }, error), { state: "unknown", word: "Can't be seen", icon: "untested" });
  const [first, second] = reasonsOf({ reasons: [{ state: "down", code: "X", message: "m", remedy: "r" }] }, error);
  assert.deepEqual([first.code, first.remedy, second.code], ["CHANNEL_UNSEEN", "Let the doctor look", "X"]);
});

test("what exactly is wrong is told in the page's words and numbers", () => {
  const clause = (says, numbers) => reasonsOf({ reasons: [{ state: "degraded", code: "X", message: "m", remedy: "r", says, numbers }] })[0].clause;
  assert.equal(clause("INITIATOR_SILENT", { silent: 1, of: 5 }), "1 of 5 initiators is silent.");
  assert.equal(clause("INITIATOR_SILENT", { silent: 2, of: 5 }), "2 of 5 initiators are silent.");
  assert.equal(clause("NO_INITIATOR", { silent: 1, of: 1 }), "The one initiator does not answer.");
  assert.equal(clause("NO_INITIATOR.none", { silent: 0, of: 0 }), "No initiator is known.");
  assert.equal(clause("DELIVERY_SLOW.disk", { p95_ms: 2080, round_trip_ms: 9 }), "Deliveries are slow, p95 2.1 s, most of it for disks.");
  assert.equal(clause("OF_A_LATER_ENGINE", { silent: 1 }), "");
  assert.equal(clause(undefined, undefined), ""); // an earlier worker's
});
