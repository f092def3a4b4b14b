/** Pushes that failed are red when the verdict would call them a trouble, and never while all is well. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { FAILED_SHARE_MAX, isFailing, PUSHES_MIN, pushHeads, pushRows } from "../../static/webchat/js/health/pushes.js";
import { tilesOf } from "../../static/webchat/js/health/tiles.js";
import { channelPicture } from "./healthdouble.mjs";

const window = (attempted, failed) => ({ attempted, acked: attempted - failed, retried: 0, failed, average_ms: null, p50_ms: null, p95_ms: null, p99_ms: null });

test("the verdict and the page draw the same line", () => {
  const engine = readFileSync(new URL("../../peernode/diagnostics/pushfindings.py", import.meta.url), "utf8");
  const numberOf = (name) => Number(engine.match(new RegExp(`^${name} = ([\\d.]+)$`, "m"))[1]);
  assert.deepEqual([FAILED_SHARE_MAX, PUSHES_MIN], [numberOf("FAILED_SHARE_MAX"), numberOf("PUSHES_MIN")]);
});

test("few pushes say nothing, and of many a few that fail are no trouble", () => {
  const failing = [[9, 9], [10, 1], [10, 2], [1000, 100], [1000, 101], [0, 0]].map(([attempted, failed]) => isFailing({ attempted, failed }));
  assert.deepEqual(failing, [false, false, true, false, true, false]);
});

test("one push that failed reddens neither the tile nor a day's numbers", () => {
  const pushes = { "5m": window(40, 1), "1h": window(40, 4), "24h": window(40, 5) };
  const tile = tilesOf(channelPicture({ pushes })).find(([name]) => name === "success");
  assert.deepEqual(tile, ["success", "97.5%", "last 5 min", false]);
  assert.equal(tilesOf(channelPicture({ pushes: { ...pushes, "5m": window(40, 5) } })).find(([name]) => name === "success")[3], true);
  const at = pushHeads().indexOf("Failed");
  assert.deepEqual(pushRows(pushes).map(({ key, cells }) => [key, cells[at].text ?? cells[at], cells[at].kind ?? ""]), [["5m", "1", ""], ["1h", "4", ""], ["24h", "5", "is-troubled"]]);
  assert.ok(pushRows(pushes).every(({ cells }) => cells.length === pushHeads().length));
});
