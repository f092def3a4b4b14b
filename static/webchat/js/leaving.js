/**
 * Leaving a channel: what is unsent in it would be lost, so whoever leaves is asked first and knows what it costs.
 *
 * What the node has it discards while it is still a member; what it never had, and files on their way, are discarded
 * once the channel is left. A refusal ends it: whoever stays keeps what has not been discarded by then. What got out
 * while the question stood open is not touched. What the node has given up joining is closed without its help.
 */

export async function leave(app, name) {
  const unsent = () => app.messages.unsent.filter(({ channel }) => channel === name);
  const n = unsent().length + app.sharing.waitingIn(name);
  if (n > 0 && !(await app.screen.askCard.ask("leave", { channel: name, n }))) return;
  const lost = unsent();
  try {
    for (const { id, accepted } of lost) if (accepted) await app.connection.request({ type: "message.discard", id });
    if (app.channels.isRefused(name)) app.close(name);
    else await app.connection.request({ type: "channel.leave", channel: name });
    for (const entry of lost) if (!entry.accepted) await app.outbox.discard(entry, app.messages.without(entry.id));
    app.sharing.left(name);
  } catch (error) {
    app.screen.trouble(error);
  }
}
