/** The link to a channel holds any name that a channel can have. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { channelLink, channelName } from "../../static/webchat/js/channelname.js";
import { takeLimits } from "../../static/webchat/js/limits.js";

takeLimits({ channel_chars: 64 });

test("a link leads to the channel, whatever its name", () => {
  assert.equal(channelLink("https://chat.example", "#lobby"), "https://chat.example/c/lobby/");
  for (const name of ["#a/b", "#café", "#x?y=1", "##"]) {
    const path = new URL(channelLink("https://chat.example", name)).pathname;
    assert.equal(`#${decodeURIComponent(path.slice(3, -1))}`, name);
  }
});

test("a name that would vanish from an address is none", () => {
  for (const typed of ["", " ", "#", ".", "#.", "..", "#..", "two words"]) assert.equal(channelName(typed), null, typed);
  for (const typed of ["lobby", "#lobby", " lobby "]) assert.equal(channelName(typed), "#lobby");
  for (const typed of ["##", "#...", "#.a"]) assert.equal(channelName(typed), typed);
});
