/** A channel's picture as the server tells it, small enough to read; `channelPicture(changes)` is one that is well. */

export const INITIATORS = ["a1", "b2", "c3"].map((id) => id.padEnd(40, "0"));
export const SUBSCRIBERS = ["b2", "d4", "e5"].map((id) => id.padEnd(40, "0"));
export const NOW = 1_700_000_100_000;

const window5 = { attempted: 0, acked: 0, retried: 0, failed: 0, average_ms: null, p50_ms: null, p95_ms: null, p99_ms: null };

export const cell = (changes = {}) => ({
  age_ms: 0,
  direction: "both",
  asymmetric: false,
  latency_ms: 12,
  success_age_ms: 3000,
  failing_age_ms: null,
  failures: 0,
  repairs: 0,
  via: null,
  ...changes,
});

export const initiator = (id, changes = {}) => ({
  id,
  own: false,
  answers: true,
  outcome: "ok",
  rtt_ms: 2,
  messages: 7,
  bytes: 700,
  behind: 0,
  root: "ab",
  set_agrees: true,
  started_ms: 1000,
  pushes: window5,
  ...changes,
});

export const subscriber = (id, changes = {}) => ({
  id,
  reached: "directly",
  reached_by: 3,
  of: 3,
  broken: 0,
  latency_ms: 12,
  success_age_ms: 3000,
  failures: 0,
  via: null,
  slow: false,
  listed_by: 3,
  reason: null,
  ...changes,
});

export function channelPicture(changes = {}) {
  const row = () => ({ outcome: "ok", until: null, subscribers: Object.fromEntries(SUBSCRIBERS.map((id) => [id, cell()])) });
  return {
    channel: "#lobby",
    as_of_ms: NOW,
    audience: SUBSCRIBERS.length,
    failing_only: false,
    verdict: { state: "healthy", code: "", sentence: "", remedy: "", reasons: [] },
    initiators: INITIATORS.map((id) => initiator(id)),
    subscribers: SUBSCRIBERS.map((id) => subscriber(id)),
    matrix: Object.fromEntries(INITIATORS.map((id) => [id, row()])),
    coordinator: { version: 3, age_ms: 1000, messages: 7, bytes: 700, initiators: INITIATORS, agree: 3, of: 3, state: "ACTIVE" },
    pushes: { "5m": window5, "1h": window5, "24h": window5 },
    series: [],
    replication: { of: 3, held_by: [0, 0, 0, 7], under: 0 },
    joins: { ok: 0, failed: 0, steps: {}, recent: [] },
    ...changes,
  };
}

export const hostPicture = (changes = {}) => ({
  at_ms: NOW,
  verdict: { state: "healthy", cause: "", channels: 1, troubled: 0 },
  node: { id: INITIATORS[0], state: "online", reason: "" },
  diagnostic: false,
  ...changes,
});

export const brief = (channel, state = "healthy") => ({ channel, verdict: { state, reasons: [] }, initiators: 3, answering: 3, subscribers: 3, reached: 3, untested: 0, p95_ms: null, attempted: 0 });

export const record = (serial, changes = {}) => ({
  serial,
  wall_ms: NOW + serial,
  node: INITIATORS[0],
  operation: "publish",
  subject: "#lobby",
  outcome: "ok",
  elapsed_ms: 4,
  parts: { network: 4 },
  trace: "",
  route: {},
  stands_for: 1,
  ...changes,
});
