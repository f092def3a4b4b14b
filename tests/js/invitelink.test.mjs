/** The link to a channel: copied or shown, with words that are true where accounts are open, by invitation or closed. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { offerInviteLink } from "../../static/webchat/js/view/invitelink.js";
import { documentDouble } from "./domdouble.mjs";
import { settle } from "./fakes.mjs";

const LINK = "http://chat.example/c/tea/";
const INVITATIONS = "/account/invitations/";

let copied;
let said;
let place;

beforeEach(() => {
  globalThis.document = documentDouble("copy-link", "link-card", "link-title", "link-text", "link-field", "link-invite");
  place = document.getElementById;
  copied = [];
  said = [];
  place("link-card").showModal = () => said.push("card");
  place("link-field").select = () => said.push("selected");
});

afterEach(() => {
  delete globalThis.document;
});

async function press(signup, invitations, copy = (text) => copied.push(text)) {
  const toast = { tell: (text) => said.push(text), suggest: (text, action, act) => said.push(text, action, act) };
  const gone = [];
  const go = (address) => gone.push(address);
  offerInviteLink({ origin: "http://chat.example", current: () => "#tea", copy, toast, signup, invitations, go });
  place("copy-link").fire("click", {});
  await settle();
  return gone;
}

test("where accounts are open it works for everybody, elsewhere for those who have one", async () => {
  await press("open", "");
  assert.deepEqual([copied, said], [[LINK], ["Link to #tea copied. It works without an account, too."]]);
});

for (const signup of ["invite", "closed"])
  test(`it does not promise an account where sign-up is ${signup}`, async () => {
    await press(signup, "");
    assert.deepEqual(said, ["Link to #tea copied. It works for people who have an account on this server."]);
  });

test("who may invite is led to where that is done, with the channel", async () => {
  const gone = await press("invite", INVITATIONS);
  assert.match(said[0], /others need an invitation/);
  assert.equal(said[1], "Make an invitation");
  said[2]();
  assert.deepEqual(gone, [`${INVITATIONS}?channel=%23tea`]);
});

test("without a clipboard the link stays on the screen, selected, with the same words", async () => {
  const missing = undefined;
  await press("invite", INVITATIONS, (text) => missing.writeText(text));
  assert.deepEqual(said, ["card", "selected"]);
  assert.deepEqual([place("link-field").value, document.activeElement], [LINK, place("link-field")]);
  assert.match(place("link-text").textContent, /copy it yourself\. It works for people who have an account/);
  assert.deepEqual([place("link-invite").hidden, place("link-invite").getAttribute("href")], [false, `${INVITATIONS}?channel=%23tea`]);
});

test("without a clipboard and with open accounts nobody is sent to invitations", async () => {
  await press("open", "", () => Promise.reject(new Error("denied")));
  assert.deepEqual([place("link-invite").hidden, place("link-invite").getAttribute("href")], [true, null]);
  assert.match(place("link-text").textContent, /without an account/);
});
