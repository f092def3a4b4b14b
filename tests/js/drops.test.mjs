/** Nothing is lost, doubled or goes back, at whichever frame of a conversation the connection fails. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Conversation } from "./conversation.mjs";

const CHANNELS = ["#lobby", "#den"];

const look = ({ id, text, deleted, edited_ms, reactions, reply_to }) => ({ id, text, deleted, edited_ms, reactions, reply_to });

function check({ page, node, store, wire, failures }) {
  assert.deepEqual(failures, []);
  assert.equal(page.connection.isOpen, true);
  for (const name of CHANNELS) {
    assert.deepEqual(page.messages.rows(name).map(look), node.messages(name).map(look), name);
    for (const row of page.messages.rows(name)) {
      assert.ok(["sent", "delivered", "received"].includes(row.state), `${row.text} is ${row.state}`);
      assert.equal(row.gap, "");
      assert.equal(row.change, null);
    }
    const { upto, unread } = page.channels.get(name);
    assert.deepEqual({ upto, unread }, { upto: node.read(name).upto, unread: node.read(name).unread }, name);
  }
  assert.deepEqual([...store.records.keys()], [], "the outbox is empty");
  assert.deepEqual(node.unfinished, []);
  assert.deepEqual(node.accepted, [...new Set(node.accepted)]);
  assert.ok(wire.frames > 0);
}

async function held(fault) {
  const conversation = new Conversation(fault);
  try {
    await conversation.talk();
    check(conversation);
  } catch (error) {
    error.message = `${JSON.stringify(fault)}: ${error.message}\n${conversation.wire.trace.join("\n")}`;
    throw error;
  }
  return conversation;
}

const whole = await held(null);
const HOWS = ["lost", "arrived", "silent", "reload"];

test("the conversation has every frame that says something", () => {
  const said = whole.wire.trace.map((line) => line.split(" ")[3]);
  const kinds = ["hello", "welcome", "message.send", "message.edit", "message.delete", "reaction.set", "message.retry"];
  for (const kind of [...kinds, "message.discard", "read.mark", "channel.join", "history.page", "channel.read", "error"])
    assert.ok(said.includes(kind), kind);
});

for (const how of HOWS)
  for (const away of [0, 3])
    for (const [name, more] of [
      ["a replay", {}],
      ["a snapshot", { snapshot: true }],
      ["a new life of the node", { restart: true, answersFirst: true }],
    ])
      test(`${how} at any frame, ${away} steps away, then ${name}`, async () => {
        for (let at = 0; at < whole.wire.frames; at += 1) await held({ at, how, away, ...more });
      });
