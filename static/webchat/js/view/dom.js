/**
 * Making elements. Text always becomes text nodes: nothing on the page is ever parsed as HTML.
 */

import { identicon } from "../identicon.js";

const SVG = "http://www.w3.org/2000/svg";

/** `h("a", {class: "x", href}, "text", child)`; attributes that are null or false are left out. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Set, or with null and false remove, an attribute; true is an empty one. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value === true ? "" : value))
    element.setAttribute(name, value === true ? "" : value);
}

/** Change a text only when it differs, so that screen readers hear changes alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** The picture `name` of icons.html, in the colour of the text around it; for the eye alone. */
export function icon(name) {
  const picture = svg("svg", { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true", "data-icon": name });
  picture.append(svg("use", { href: `#icon-${name}` }));
  return picture;
}

/** Show another picture in an element that `icon` made. */
export function setIcon(picture, name) {
  if (picture.dataset.icon === name) return;
  picture.dataset.icon = name;
  picture.firstChild.setAttribute("href", `#icon-${name}`);
}

/** The picture of a node. */
export function avatar(id) {
  const { hue, dots } = identicon(id);
  const picture = svg("svg", { class: `avatar hue-${hue}`, viewBox: "-0.9 -0.9 6.8 6.8", "aria-hidden": "true" });
  for (const { x, y, r } of dots) picture.append(svg("circle", { cx: x, cy: y, r }));
  return picture;
}

/** The class of an author's colour. */
export const hueClass = (id) => `hue-${identicon(id).hue}`;

/** Before `element` goes away, by its own press perhaps: a focus in it must not fall to the top of the page. */
export function passFocus(element, next) {
  if (element.contains(document.activeElement)) next.focus({ preventScroll: true });
}

/**
 * One call of `draw` before the next frame, however often it is asked for. Hidden pages have no frames, and a page that
 * is hidden does not get the one that it has asked for: what waits for that is drawn at once.
 */
export function oncePerFrame(draw) {
  let isAsked = false;
  const run = () => {
    if (!isAsked) return;
    isAsked = false;
    draw();
  };
  document.addEventListener("visibilitychange", () => document.hidden && run());
  return () => {
    if (isAsked) return;
    isAsked = true;
    if (document.hidden) setTimeout(run, 50);
    else requestAnimationFrame(run);
  };
}

/** The dialog of that id, which a click beside it closes too: without an answer. */
export function dialogOf(id) {
  const dialog = byId(id);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(""); // its backdrop
  });
  return dialog;
}

/**
 * A `details` that is a menu: it closes with Escape, when something else is used, and before a button of it acts, so
 * that a dialog which that one opens gives the focus back to what is still there.
 */
export function asMenu(details) {
  const summary = details.querySelector("summary");
  const chosen = (event) => {
    if (!event.target.closest("button[type=button]")) return;
    summary.focus();
    details.open = false;
  };
  details.addEventListener("click", chosen, { capture: true });
  document.addEventListener("click", (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.preventDefault();
    details.open = false;
    summary.focus();
  });
}

export const byId = (id) => document.getElementById(id);
