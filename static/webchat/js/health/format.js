/** Numbers as people read them: times, sizes, shares and ages, in the page's language. */

import { language } from "../strings.js";
import { say } from "./strings.js";

const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

export const NOTHING = "–";

export const count = (number) => (number === null || number === undefined ? NOTHING : whole.format(number));

/** A duration from a thousandth of a second to days: "0.4 ms", "12 ms", "1.2 s", "3 min", "2 h", "5 d". */
export function time(ms) {
  if (ms === null || ms === undefined) return NOTHING;
  if (ms < 10) return `${tenth.format(ms)} ms`;
  if (ms < 1000) return `${whole.format(ms)} ms`;
  if (ms < 60_000) return `${tenth.format(ms / 1000)} s`;
  if (ms < 3_600_000) return `${whole.format(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${whole.format(ms / 3_600_000)} h`;
  return `${whole.format(ms / 86_400_000)} d`;
}

/** How long ago something was: "just now", "12 s ago". */
export function ago(ms) {
  if (ms === null || ms === undefined) return say("ago.never");
  return ms < 1500 ? say("ago.now") : say("ago", { time: time(ms < 60_000 ? Math.round(ms / 1000) * 1000 : ms) });
}

/** A part of a whole; never "100 %" while something is missing. */
export function percent(part, all) {
  if (!all) return NOTHING;
  const exact = part / all;
  return share.format(part < all && exact > 0.999 ? 0.999 : exact);
}

/** "812 B", "3.4 KB", "12 MB". */
export function bytes(number) {
  if (number === null || number === undefined) return NOTHING;
  const units = ["B", "KB", "MB", "GB", "TB"];
  const step = Math.min(units.length - 1, number < 1 ? 0 : Math.floor(Math.log10(number) / 3));
  const value = number / 1000 ** step;
  return `${(value < 10 && step ? tenth : whole).format(value)} ${units[step]}`;
}

export const atTime = (ms) => clock.format(new Date(ms));
export const atDay = (ms) => day.format(new Date(ms));

/** The first digits of an id, which is how nodes are named when nobody knows a name for them. */
export const short = (id) => id.slice(0, 8);

/** An address as `[host, port]` tells it. */
export const address = (place) => (place ? `${place[0]}:${place[1]}` : NOTHING);
