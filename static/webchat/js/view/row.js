/**
 * One message on the page. The element of an id is made once and then only changed, so focus,
 * selection and what a screen reader has read stay where they are.
 */

import { linkify } from "../linkify.js";
import { rowWords } from "../rowwords.js";
import { say } from "../strings.js";
import { avatar, h, hueClass, icon, setAttribute, setIcon, setText } from "./dom.js";

const lang = document.documentElement.lang || "en";
const clockTime = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(lang, { dateStyle: "full", timeStyle: "medium" });
const ACTION_ICONS = { retry: "retry", edit: "edit", discard: "discard", cancel: "discard" };

/** An empty article for the row; `drawRow` fills it. */
export function makeRow(row) {
  const parts = {
    picture: h("div", { class: "row-picture" }),
    author: h("span", { class: "author" }),
    time: h("time"),
    text: h("div", { class: "text" }),
    receipt: h("div", { class: "receipt", hidden: true }),
    words: h("span", { class: "receipt-words" }),
    who: h("button", { type: "button", class: "receipt-button", "data-action": "receipts", "aria-haspopup": "dialog" }),
    code: h("code", { class: "receipt-code", hidden: true }),
    actions: h("span", { class: "actions" }),
    icon: icon("sending"),
  };
  parts.receipt.append(parts.icon, parts.words, parts.who, parts.code, parts.actions);
  const byline = h("div", { class: "byline" }, parts.author, " ", parts.time);
  const element = h("article", { class: "row", "data-msg-id": row.id });
  element.append(parts.picture, byline, parts.text, parts.receipt);
  element.parts = parts;
  return element;
}

/** Bring the element to what the row says; `name` is the author's. */
export function drawRow(element, { row, isHead, name, now_ms }) {
  const { parts } = element;
  setAttribute(element, "data-state", row.state);
  setAttribute(element, "data-phase", row.phase || null);
  element.classList.toggle("leads", isHead);
  element.classList.toggle("own", row.own);
  drawByline(parts, row, isHead, name);
  if (parts.text.shown !== row.text) drawText(parts.text, row.text);
  if (row.own) drawReceipt(parts, rowWords(row, now_ms), element);
}

function drawByline(parts, row, isHead, name) {
  setText(parts.author, row.own ? say("row.you", { name }) : name);
  parts.author.className = `author ${hueClass(row.author)}`;
  if (parts.time.shown !== row.at_ms) {
    parts.time.shown = row.at_ms;
    const at = new Date(row.at_ms);
    parts.time.dateTime = at.toISOString();
    parts.time.title = fullTime.format(at);
    parts.time.textContent = clockTime.format(at);
  }
  const pictured = isHead ? row.author : "";
  if (parts.picture.shown === pictured) return;
  parts.picture.shown = pictured;
  parts.picture.replaceChildren(...(pictured || isHead ? [avatar(row.author)] : []));
}

function drawText(element, text) {
  element.shown = text;
  const link = ({ text: words, href }) =>
    h("a", { href, target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer" }, words);
  element.replaceChildren(...linkify(text).map((piece) => (piece.href ? link(piece) : piece.text)));
}

function drawReceipt(parts, { text, code = "", icon: picture, actions }, element) {
  parts.receipt.hidden = !text;
  const hasWho = actions.length === 0 && picture !== "sending" && Boolean(text);
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
