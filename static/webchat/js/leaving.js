/**
 * Leaving a channel: what is unsent in it would be lost, so whoever leaves is asked first and knows what it costs.
 *
 * What the node has it discards while it is still a member; what it never had, and files on their way, are discarded
 * once the channel is left. A refusal ends it: whoever stays keeps what has not been discarded by then. What got out
 * while the question stood open is not touched. What the node has given up joining is closed without its help.
 * That it is done, and what became of the unsent, is said by `leftWords`.
 */

import { say } from "./strings.js";

export async function leave(app, name) {
  const unsent = () => app.messages.unsent.filter(({ channel }) => channel === name);
  const n = unsent().length + app.sharing.waitingIn(name);
  if (n > 0 && !(await app.screen.askCard.ask("leave", { channel: name, n }))) return;
  const lost = unsent();
  app.leaving.set(name, lost.length + app.sharing.waitingIn(name));
  try {
    for (const { id, accepted } of lost) if (accepted) await app.connection.request({ type: "message.discard", id });
    if (app.channels.isRefused(name)) {
      app.close(name);
      app.screen.left(name);
    } else await app.connection.request({ type: "channel.leave", channel: name });
    for (const entry of lost) if (!entry.accepted) await app.outbox.discard({ ...entry, text: "" }); // not to be undone
    app.sharing.left(name);
  } catch (error) {
    app.leaving.delete(name);
    app.screen.trouble(error);
  }
}

/** The channel was left: here, with what was discarded, or by another page, which leaves what is unsent here alone. */
export function leftWords(app, channel) {
  const n = app.leaving.get(channel) ?? 0;
  if (app.leaving.delete(channel)) return n > 0 ? say("channels.left.lost", { channel, n }) : say("channels.left", { channel });
  const isKept = app.messages.unsent.some((entry) => entry.channel === channel);
  return say(isKept ? "channels.left.kept" : "channels.left", { channel });
}
