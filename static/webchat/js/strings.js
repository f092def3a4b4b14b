/**
 * Every word that the scripts put on the page, in one place, so that one file is translated.
 *
 * `say(key, values)` fills `{name}` placeholders. Where a number decides the form, the key has the
 * forms `.one` and `.other`, chosen by `values.n` with the rules of the page's language.
 */

const WORDS = {
  "row.queued": "Waiting for connection, will send by itself",
  "row.waiting": "Many messages in a short time: sends by itself in {s} s",
  "row.asking": "Written {ago}: send now?",
  "row.send": "Send",
  "ago.hours": "{n} h ago",
  "ago.days.one": "1 day ago",
  "ago.days.other": "{n} days ago",
  "row.sending": "Sending…",
  "row.still": "Still sending…",
  "row.sent": "Sent, stored on {k} of {of} nodes",
  "row.sent.machines.one": "Sent, stored on {k} nodes, 1 machine",
  "row.sent.machines.other": "Sent, stored on {k} nodes, {n} machines",
  "row.sent.plain": "Sent",
  "row.alone": "Only your node has this so far",
  "row.delivered": "Delivered to {n} of {m}",
  "row.failed": "Not sent: {reason}. {remedy}",
  "row.cancel": "Cancel",
  "row.retry": "Retry",
  "row.edit": "Edit",
  "row.discard": "Discard",
  "row.blocked": "Message of somebody whom you blocked. Show it",
  "row.you": "{name} (you)",

  "has.alone":
    "Only your node has this so far. It is passed on by itself as soon as somebody else is in this channel.",
  "has.stored.one": "1 of {of} nodes keeps it for those who come later.",
  "has.stored.other": "{n} of {of} nodes keep it for those who come later.",
  "has.stored.machines.one": "{k} nodes keep it, all of them on 1 machine.",
  "has.stored.machines.other": "{k} nodes on {n} machines keep it for those who come later.",
  "has.stored.unknown": "Enough nodes keep it. Which ones your node has not written down.",
  "has.got": "Has it",
  "has.at": "at {time}",
  "has.unreachable": "Can't be reached",
  "has.since": "since {time}",
  "has.more.one": "1 more has it, not listed here.",
  "has.more.other": "{n} more have it, not listed here.",
  "has.missing.one": "1 has not confirmed it yet.",
  "has.missing.other": "{n} have not confirmed it yet.",

  "row.removed": "Removed from view on {n} of {of} other nodes",
  "row.deleted": "Deleted",
  "row.edited": "(edited)",
  "row.edited.at": "Edited {time}",

  "change.edit.sending": "Saving the edit…",
  "change.edit.failed": "Edit not saved: {reason}. {remedy}",
  "change.delete.sending": "Deleting…",
  "change.delete.failed": "Not deleted: {reason}. {remedy}",
  "change.reaction.sending": "Sending the reaction…",
  "change.reaction.failed": "Reaction not sent: {reason}. {remedy}",
  "change.discarded": "Change discarded",

  "act.toolbar": "Actions for this message",
  "act.react": "React",
  "act.reply": "Reply",
  "act.more": "More",
  "act.revise": "Edit",
  "act.delete": "Delete",
  "act.person": "About the author",
  "act.emojis": "Choose a reaction",

  "reaction.people": "{emoji} {people}",
  "reaction.you": "you",

  "quote.of": "Reply to {name}: {text}",
  "quote.earlier": "Reply to an earlier message",
  "quote.deleted": "a deleted message",
  "quote.seeking": "Looking for the earlier message…",
  "quote.unknown": "The earlier message is not here",
  "quote.unknown.remedy": "Your node does not hold it, or it is too far back.",

  "context.reply": "Reply to {name}",
  "context.edit": "Edit your message",
  "context.end.reply": "Cancel the reply",
  "context.end.edit": "Cancel the edit",

  "mention.label": "People to mention",
  "mention.count.one": "{n} person: arrow keys choose, Enter takes one",
  "mention.count.other": "{n} people: arrow keys choose, Enter takes one",

  "heard.change.failed": "A change was not sent: {reason}.",
  "heard.failed": "A message was not sent: {reason}.",
  "heard.sent": "Message sent.",
  "heard.delivered": "Message delivered.",

  "outbox.chip": "Outbox ({n})",
  "undo.text.one": "Message discarded",
  "undo.text.other": "{n} messages discarded",
  "undo.action": "Undo",

  "error.NO_QUORUM": "Too few nodes confirmed that they stored the message",
  "error.NO_QUORUM.remedy":
    "Check the connection and press Retry; the message is kept and goes out when the network is back.",
  "error.CONNECTION_LOST": "The connection to your node is interrupted",
  "error.CONNECTION_LOST.remedy": "It comes back by itself; what you write is kept.",
  "error.OUTBOX_FULL": "Too many messages are waiting to be sent",
  "error.OUTBOX_FULL.remedy": "Wait until some have gone out, or discard some.",
  "error.unknown": "Something unexpected happened",

  "node.online": "Online",
  "node.degraded": "Degraded",
  "node.offline": "Offline",
  "node.connecting": "Connecting",
  "node.peers.one": "1 peer",
  "node.peers.other": "{n} peers",
  "node.unlinked": "This page is not connected to your node",

  "link.lost": "The connection to your node is interrupted.",
  "link.offline": "This device is offline.",
  "link.refused": "The server does not answer.",
  "link.silent": "The server stopped answering.",
  "link.session": "You are signed out.",
  "link.crowded": "This account has too many open pages. Close one of them, then try again.",
  "link.kept": "What you write is kept and goes out by itself.",
  "link.next.one": "Next try in 1 second.",
  "link.next.other": "Next try in {n} seconds.",
  "link.trying": "Trying…",

  "join.title": "Joining {channel}",
  "join.delayed": "Still connecting, we keep trying",
  "join.delayed.hint": "You can write already: your messages wait here and go out by themselves.",
  "join.done": "Joined in {time}",
  "join.created": "New channel, created in {time}",
  "join.alone": "You are the only one here so far.",
  "join.remedy": "What you can do",
  "join.progress": "Progress of joining {channel}",
  "join.step.waiting": "waiting",
  "join.step.running": "in progress",
  "join.step.done": "done",
  "join.detail.find.one": "1 peer asked",
  "join.detail.find.other": "{n} peers asked",
  "join.detail.subscribe": "{k} of {of} initiators",
  "join.detail.inbound": "{k} of {of} initiators",
  "join.detail.history.one": "1 message",
  "join.detail.history.other": "{n} messages",
  "join.step.1": "Starting your node",
  "join.step.2": "Finding the channel",
  "join.step.3": "Subscribing",
  "join.step.4": "Checking that messages reach you",
  "join.step.5": "Checking that yours get out",
  "join.step.6": "Loading recent messages",

  "channels.unread.one": "1 unread message",
  "channels.unread.other": "{n} unread messages",
  "channels.mentions.one": "1 of them names you",
  "channels.mentions.other": "{n} of them name you",
  "channels.joining": "joining",
  "channels.leave": "Leave {channel}",
  "link.copied": "Link to {channel} copied. It works without an account, too.",
  "link.copy": "Copy this link: {link}",
  "channels.left": "You left {channel}.",
  "channels.invalid": "A channel name has 1 to 64 characters without spaces, for example #lobby.",

  "timeline.label": "Messages in {channel}",
  "timeline.empty.title": "Nobody has said anything in {channel} yet",
  "timeline.empty.text":
    "Write the first message below. It is kept by several nodes of the network, so others find it here when they come.",
  "timeline.start": "This is the beginning of {channel}.",
  "timeline.loading": "Loading older messages…",
  "timeline.stuck": "Older messages could not be loaded.",
  "timeline.again": "Load older messages",
  "timeline.new.one": "1 new message",
  "timeline.new.other": "{n} new messages",
  "timeline.newest": "Newest messages",
  "timeline.line": "New",
  "gap.open": "Messages may be missing here.",
  "gap.loading": "Looking for messages…",
  "gap.stuck": "Messages may be missing here, and could not be loaded.",
  "gap.fetch": "Load them",
  "timeline.today": "Today",
  "timeline.yesterday": "Yesterday",

  "members.title": "People",
  "members.looking": "Asking whom your node reaches…",
  "members.unknown": "The list could not be had: {reason}.",
  "members.all.one": "1 person, {reached} within reach of your node",
  "members.all.other": "{n} people, {reached} within reach of your node",
  "members.some": "{n} people; of the {shown} listed here {reached} are within reach of your node",
  "members.me": "your own node",
  "members.reachable": "reachable",
  "members.never": "not reachable from your node",
  "members.since.one": "not reachable since 1 minute",
  "members.since.other": "not reachable since {n} minutes",
  "members.block": "Block",
  "members.blocked": "Blocked",
  "members.block.name": "Block {name}",

  "name.twin": "{name} ({id})",
  "person.verified": "verified by you",
  "person.unknown": "What they say about themselves could not be had: {reason}.",
  "person.hint":
    "Compare these characters with those on the other's account page: face to face, or on the telephone. If they are the same, nobody else can write under this key.",
  "person.hint.verified": "You have compared these characters. Should they ever change, it is another key, and the mark is gone.",
  "person.hint.me": "Read these characters to others, so that they can be sure that it is you.",
  "person.verify": "Mark as verified",
  "person.unverify": "Take the mark back",
  "person.block": "Block",
  "person.unblock": "Block no longer",
  "profile.saved": "Profile saved. Others see it in a moment.",
  "profile.nameless": "Others need a name to see: type one.",
  "profile.long.one": "1 byte too long",
  "profile.long.other": "{n} bytes too long",
  "profile.picture.refused": "This file can't be used as a picture. Choose a PNG, JPEG or WebP of at most 25 MB.",

  "search.title": "Search",
  "search.running": "Searching what your node holds…",
  "search.failed": "The search did not work: {reason}.",
  "search.so.far.one": "1 found in {searched} messages, back to {day}",
  "search.so.far.other": "{n} found in {searched} messages, back to {day}",
  "search.all.one": "1 found in all {searched} messages that your node holds",
  "search.all.other": "{n} found in all {searched} messages that your node holds",
  "writers.1": "{one} is writing…",
  "writers.2": "{one} and {two} are writing…",
  "writers.many": "{n} people are writing…",

  "composer.label": "Message {channel}",
  "composer.long": "{n} bytes too long. Shorten it, or send it in several messages.",
  "composer.left": "{n} bytes left",
  "composer.volatile": "This browser keeps nothing on disk: an unsent message is lost when you close the page.",

  "subtitle.alone": "Only you have written here so far",
  "subtitle.people.one": "1 person has written here",
  "subtitle.people.other": "{n} people have written here",
  "subtitle.joining": "Joining…",
  "subtitle.delayed": "Still connecting",
  "title": "{channel} · Starling",
  "title.unread": "({n}) {channel} · Starling",
  "name.unknown": "Node {id}",
};

const rules = new Intl.PluralRules(globalThis.document?.documentElement?.lang || "en");

/** The text of `key` with `values` filled in; an unknown key is a bug and throws. */
export function say(key, values = {}) {
  const pattern = WORDS[key] ?? WORDS[`${key}.${rules.select(values.n)}`] ?? WORDS[`${key}.other`];
  if (pattern === undefined) throw new Error(`no words for ${key}`);
  return pattern.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Whether there are words for `key`. */
export const hasWords = (key) => key in WORDS || `${key}.other` in WORDS;

/** A duration as people read it: "0.8 s", "12 s", "2 min 5 s". */
export function duration(ms) {
  const s = ms / 1000;
  if (s < 10) return `${s.toFixed(1)} s`;
  if (s < 60) return `${Math.round(s)} s`;
  return `${Math.floor(s / 60)} min ${Math.round(s) % 60} s`;
}

/** An error of this page itself, in the form of the node's errors. */
export function ownError(code) {
  return { code, message: say(`error.${code}`), remedy: say(`error.${code}.remedy`), retryable: true };
}
