/** The card of a message's receipts: who has it, by name and with the time, and who can't be reached since when. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { documentDouble } from "./domdouble.mjs";

globalThis.document = documentDouble("receipts", "receipts-title", "receipts-summary", "receipts-lists");
const { ReceiptCard } = await import("../../static/webchat/js/view/receiptcard.js");

const dialog = document.getElementById("receipts");
const lists = document.getElementById("receipts-lists");
const NAMES = { b: "Bob", c: "Cleo", d: "Dan" };
const TODAY = new Date(2026, 4, 17, 9, 30, 5).getTime();
const SECOND_MS = 1000;
const DAY_MS = 86_400_000;

let row;
let card;

const rowWith = (more) => ({ channel: "#a", alone: false, stored: { k: 3, of: 5, machines: 3 }, delivered: { n: 0, m: 0 }, acks: [], unreachable: [], ...more });

/** [[heading, its picture, [line, …]], …]; a list without a heading is one of the rest. */
function shown() {
  const found = [];
  for (const each of lists.children)
    if (each.tag === "h3") found.push([each.textContent, each.querySelector("svg").dataset.icon, []]);
    else if (each.children[0].getAttribute("class") === "receipts-rest") found.push(["", "", each.children.map((line) => line.textContent)]);
    else found.at(-1)[2] = each.all("li").map((line) => line.all("span").map((part) => part.textContent).join(" "));
  return found;
}

beforeEach(() => {
  dialog.showModal = () => (dialog.open = true);
  dialog.open = false;
  card = new ReceiptCard({ nameOf: (_, id) => NAMES[id], who: (_, id) => ({ id, picture: "" }), now_ms: () => TODAY + 5 * SECOND_MS });
  const acks = [["c", TODAY + SECOND_MS], ["b", TODAY]];
  row = rowWith({ delivered: { n: 2, m: 4 }, acks, unreachable: [["d", TODAY - DAY_MS]] });
});

test("names with times, the first first; who can't be reached, since when; how many are silent", () => {
  card.open(row);
  assert.equal(dialog.open, true);
  assert.equal(document.getElementById("receipts-title").textContent, "Delivered to 2 of 4");
  assert.match(document.getElementById("receipts-summary").textContent, /^3 of 5 nodes keep it/);
  const plain = (text) => text.replaceAll("\u202f", " ");
  assert.deepEqual(JSON.parse(plain(JSON.stringify(shown()))), [
    ["Has it", "delivered", ["Bob at 09:30:05 AM", "Cleo at 09:30:06 AM"]],
    ["Can't be reached", "offline", ["Dan since May 16, 2026, 9:30 AM"]],
    ["", "", ["1 has not confirmed it yet."]],
  ]);
});

test("the open card follows its message, and no other", () => {
  card.open(row);
  row.acks.push(["d", TODAY + 2 * SECOND_MS]);
  row.delivered.n = 3;
  card.changed(rowWith());
  assert.equal(shown()[0][2].length, 2);
  card.changed(row);
  assert.deepEqual(shown().map(([title, , lines]) => [title, lines.length]), [["Has it", 3], ["", 1]]);
  dialog.fire("close");
  row.acks.length = 0;
  card.changed(row);
  assert.equal(shown()[0][2].length, 3, "closed, it is drawn no more");
});

test("what nobody else has is said without a list", () => {
  card.open(rowWith({ alone: true, stored: { k: 1, of: 1, machines: 1 } }));
  assert.deepEqual(shown(), []);
  assert.match(document.getElementById("receipts-summary").textContent, /^Only your node has this so far/);
});
