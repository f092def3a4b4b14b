/**
 * What the node says, frame by frame, to the models: the one place that knows the frames' names.
 */

import { resynced, retriedElsewhere } from "./holding.js";

/** The connection's listener for an `App`. */
export function nodeReports(app) {
  const events = eventTable(app);
  return {
    phase(link) {
      const isOpen = link.phase === "open";
      app.messages.setLinked(isOpen);
      app.outbox.setLinked(isOpen);
      app.sharing.setLinked(isOpen);
      app.channels.setLinked(isOpen);
      app.screen.status.setLink(link);
      if (!isOpen) return;
      app.reading.linked();
      for (const name of app.wanted) app.askToJoin(name);
    },
    welcome: (frame) => welcomed(app, frame),
    event: (frame) => events[frame.type]?.(frame), // a newer server may know more
    trouble: (error) => app.screen.trouble(error),
  };
}

function eventTable(app) {
  const { messages, channels, me } = app;
  return {
    message(frame) {
      app.learnName(frame);
      app.beside.typing.wrote(frame.channel, frame.author);
      const isNew = messages.received(frame);
      // Each event comes once: one whose message a page of history has brought before it counts all the same.
      app.reading.arrived(frame, app.screen.isReading(frame.channel));
      if (frame.order > (channels.get(frame.channel)?.upto ?? "")) app.notifying.arrived(frame);
      if (isNew) app.trim(frame.channel);
    },
    "message.changed": (frame) => messages.changed(frame),
    "message.state"(frame) {
      retriedElsewhere(messages, frame);
      messages.reported(frame, me.id, me.name);
    },
    "message.discarded": ({ id, author }) => (author ? messages.takenBack(id, author) : messages.discarded(id)),
    "channel.progress": (frame) => channels.progressed(frame),
    "channel.delayed": (frame) => channels.delayed(frame),
    "channel.joined"(frame) {
      channels.joined(frame);
      channels.remember(); // a page that comes without a connection knows it too
      app.loadNewest(frame.channel);
    },
    "channel.left"(frame) {
      const isSurprise = frame.channel === app.current && !app.leaving.has(frame.channel);
      if (!channels.get(frame.channel) && !app.leaving.has(frame.channel)) return; // the welcome has told it
      app.close(frame.channel);
      app.screen.left(frame.channel, isSurprise);
    },
    "channel.health": (frame) => channels.toldHealth(frame),
    "channel.read": (frame) => app.reading.told(frame),
    "channel.name"(frame) {
      channels.joining(frame.channel); // who joins it again on another page hears of the people first
      channels.named(frame);
      messages.renamed(frame.channel, frame.author, frame.name);
      app.persons.changed(frame.author);
    },
    "channel.card"(frame) {
      channels.joining(frame.channel);
      channels.carded(frame);
      app.persons.changed(frame.author);
    },
    typing: (frame) => app.beside.typing.heard(frame),
    "person.blocked": (frame) => app.beside.setBlocked(frame.blocked),
    "person.verified": (frame) => app.persons.setVerified(frame.verified),
    profile: (frame) => app.persons.setProfile(frame),
    "node.state"(frame) {
      app.screen.status.setNode(frame);
      channels.setOnline(frame.state === "online");
    },
    trouble({ error, context }) {
      // Why a join was given up belongs to its card, where it stays.
      if (!channels.refused(context?.channel, error)) app.screen.trouble(error);
    },
  };
}

/** A snapshot, or the head of a replay (`replayed`), in which channels come without their messages. */
function welcomed(app, frame) {
  const { messages, channels, me } = app;
  me.id = frame.node.node_id || me.id;
  app.memory.set("node", me.id);
  app.persons.setProfile(frame.profile);
  app.screen.status.setNode(frame.node);
  const was = app.current;
  const names = frame.channels.map((channel) => channel.name);
  for (const name of channels.keepOnly([...names, ...app.wanted])) messages.forget(name);
  for (const channel of frame.channels) {
    channels.welcomed(channel);
    if (frame.replayed) for (const report of channel.outbox) messages.reported(report, me.id, me.name);
    else snapshot(app, channel);
  }
  channels.setOnline(frame.node.state === "online");
  channels.remember();
  app.beside.setBlocked(frame.blocked);
  app.persons.setVerified(frame.verified);
  app.screen.greeted();
  app.openFirst();
  // Another page left it while this one had no connection: told here, and a replayed event finds nothing open.
  if (was !== null && !channels.get(was)) app.screen.left(was, !app.leaving.has(was));
}

function snapshot(app, { name, messages: newest = [], outbox, read }) {
  const { messages, channels, me } = app;
  if (read) app.reading.told(read);
  resynced(messages, name, newest, outbox, me.id, me.name);
  if (channels.get(name).older === "none") channels.setOlder(name, "idle");
  if (name === app.current) app.screen.timeline.startAtLine();
}
