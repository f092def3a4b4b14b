/**
 * One message on the page. The element of an id is made once and then only changed, so focus,
 * selection and what a screen reader has read stay where they are.
 */

import { isHushed, quoted } from "../quoting.js";
import { rowWords } from "../rowwords.js";
import { say } from "../strings.js";
import { h, hueClass, icon, setAttribute, setIcon, setText } from "./dom.js";
import { drawFile } from "./filerow.js";
import { drawFold, makeFold } from "./fold.js";
import { nameMarks } from "./namemarks.js";
import { portrait } from "./portrait.js";
import { drawReactions } from "./reactions.js";
import { drawText } from "./text.js";

const lang = document.documentElement.lang || "en";
const clockTime = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "medium" });
const ACTION_ICONS = { retry: "retry", send: "send", edit: "edit", discard: "discard", cancel: "discard" };

/** An empty article for the row; `drawRow` fills it. */
export function makeRow(row) {
  const parts = {
    picture: h("div", { class: "row-picture" }),
    // By keyboard the card opens from the toolbar, so that a long timeline has few stops.
    author: h("button", { type: "button", class: "author", "data-action": "person", "aria-haspopup": "dialog", tabindex: "-1" }),
    marks: h("span"),
    time: h("time"),
    quote: h("button", { type: "button", class: "quote", "data-action": "jump", hidden: true }),
    text: h("div", { class: "text" }),
    files: h("div", { class: "files", hidden: true }),
    reactions: h("div", { class: "reactions", hidden: true }),
    receipt: h("div", { class: "receipt", hidden: true }),
    words: h("span", { class: "receipt-words" }),
    who: h("button", { type: "button", class: "receipt-button", "data-action": "receipts", "aria-haspopup": "dialog" }),
    code: h("code", { class: "receipt-code", hidden: true }),
    actions: h("span", { class: "actions" }),
    icon: icon("sending"),
  };
  parts.receipt.append(parts.icon, parts.words, parts.who, parts.code, parts.actions);
  const byline = h("div", { class: "byline" }, parts.author, parts.marks, " ", parts.time);
  const element = h("article", { class: "row", "data-msg-id": row.id });
  const blocked = h("button", { type: "button", class: "quiet blocked", "data-action": "show", hidden: true });
  parts.blocked = blocked;
  element.append(parts.picture, byline, blocked, parts.quote, makeFold(parts.text), parts.files, parts.receipt, parts.reactions);
  element.parts = parts;
  return element;
}

/**
 * Bring the element to what the row says; `who` is its author, `people` (`me`, `nameOf`, `isBlocked`) those of its
 * channel, `answered` the row that it answers, if that is here, `files` who has its file.
 */
export function drawRow(element, { row, isHead, who, now_ms, people, answered, files }) {
  const { parts } = element;
  setAttribute(element, "data-state", row.state);
  setAttribute(element, "data-phase", row.phase || null);
  setAttribute(element, "data-change", row.change?.state);
  element.classList.toggle("leads", isHead);
  element.classList.toggle("own", row.own);
  const isBlocked = isHushed(row, people);
  element.classList.toggle("is-blocked", isBlocked);
  parts.blocked.hidden = !isBlocked;
  if (isBlocked) setText(parts.blocked, say("row.blocked"));
  drawByline(parts, row, isHead, who);
  drawQuote(parts.quote, row, answered, people);
  drawText(parts.text, row, people);
  drawFold(parts.text, row);
  drawFile(parts.files, row, files.nodes, files.canBeHad);
  drawReactions(parts.reactions, row, people);
  drawReceipt(parts, rowWords(row, now_ms), element);
}

function drawQuote(element, row, answered, people) {
  element.hidden = !row.reply_to || row.deleted;
  if (element.hidden) return;
  const quote = answered ? quoted(answered, people) : null;
  const words = quote ? say("quote.of", quote) : say("quote.earlier");
  if (element.shown === words) return;
  element.shown = words;
  setAttribute(element, "aria-label", words);
  const said = quote ? [h("strong", {}, quote.name), " ", quote.text] : [words];
  element.replaceChildren(icon("reply"), h("span", { class: "quote-words" }, ...said));
}

function drawByline(parts, row, isHead, who) {
  setText(parts.author, row.own ? say("row.you", { name: who.name }) : who.name);
  const marked = `${who.isTwin} ${who.isVerified}`;
  if (parts.marks.shown !== marked) {
    parts.marks.shown = marked;
    parts.marks.replaceChildren(...nameMarks(who));
  }
  parts.author.className = `author ${hueClass(row.author)}`;
  if (parts.time.shown !== row.at_ms) {
    parts.time.shown = row.at_ms;
    const at = new Date(row.at_ms);
    parts.time.dateTime = at.toISOString();
    parts.time.title = fullTime.format(at);
    parts.time.textContent = clockTime.format(at);
  }
  const pictured = isHead ? `${who.id} ${who.picture}` : "";
  if (parts.picture.shown === pictured) return;
  parts.picture.shown = pictured;
  parts.picture.replaceChildren(...(isHead ? [portrait(who)] : []));
}

function drawReceipt(parts, { text, code = "", icon: picture, actions }, element) {
  parts.receipt.hidden = !text;
  const hasWho = actions.length === 0 && !["sending", "delete"].includes(picture) && Boolean(text);
  setText(parts.words, hasWho ? "" : text);
  setText(parts.who, hasWho ? text : "");
  parts.words.hidden = hasWho;
  parts.who.hidden = !hasWho;
  setText(parts.code, code);
  parts.code.hidden = !code;
  if (picture) setIcon(parts.icon, picture);
  if (parts.actions.shown === actions.join()) return;
  parts.actions.shown = actions.join();
  const hadFocus = parts.actions.contains(document.activeElement);
  parts.actions.replaceChildren(...actions.map(actionButton));
  // A button that went away with its state must not drop the focus to the top of the page.
  if (hadFocus) (parts.actions.querySelector("button") ?? focusable(element)).focus();
}

function focusable(element) {
  element.tabIndex = -1;
  return element;
}

const actionButton = (action) =>
  h(
    "button",
    { type: "button", class: "action", "data-action": action },
    icon(ACTION_ICONS[action]),
    say(`row.${action}`),
  );
