/**
 * Leaving a channel: what is unsent in it would be lost, so whoever leaves is asked first and knows what it costs.
 *
 * What the node has it discards while it is still a member; what it never had is discarded once the channel is left.
 * A refusal ends it: whoever stays keeps what has not been discarded by then.
 */

export async function leave(app, name) {
  const unsent = app.messages.unsent.filter(({ channel }) => channel === name);
  if (unsent.length > 0 && !(await app.screen.leaveCard.ask(name, unsent.length))) return;
  try {
    for (const { id, accepted } of unsent) if (accepted) await app.connection.request({ type: "message.discard", id });
    await app.connection.request({ type: "channel.leave", channel: name });
    for (const entry of unsent) if (!entry.accepted) await app.outbox.discard(entry, app.messages.without(entry.id));
  } catch (error) {
    app.screen.trouble(error);
  }
}
