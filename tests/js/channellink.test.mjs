/** The link to a channel holds any name that a channel can have. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { channelLink } from "../../static/webchat/js/channelname.js";

test("a link leads to the channel, whatever its name", () => {
  assert.equal(channelLink("https://chat.example", "#lobby"), "https://chat.example/c/lobby/");
  for (const name of ["#a/b", "#café", "#x?y=1", "##"]) {
    const path = new URL(channelLink("https://chat.example", name)).pathname;
    assert.equal(`#${decodeURIComponent(path.slice(3, -1))}`, name);
  }
});
