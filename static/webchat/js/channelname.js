/**
 * What people type as a channel's name, and whether the network takes it.
 */

import { limits } from "./limits.js";

/** What would vanish from an address: nothing, this folder, the one above. */
const NO_NAMES = new Set(["#", "#.", "#.."]);

/** The name with its `#`, in the normal form NFC; null when it is none (1 to 64 characters, no spaces). */
export function channelName(typed) {
  const bare = typed.trim().normalize("NFC");
  const name = bare.startsWith("#") ? bare : `#${bare}`;
  if (NO_NAMES.has(name)) return null;
  return [...name].length <= limits.channel_chars && !/[\p{C}\p{Z}]/u.test(name) ? name : null;
}

/** Where a channel is to be had as a file, `kind`: `html` or `json`. */
export const exportLink = (name, kind) => `/c/${encodeURIComponent(name.slice(1))}/export.${kind}`;

/** The address that opens a channel for anybody, with or without an account. */
export const channelLink = (origin, name) => `${origin}/c/${encodeURIComponent(name.slice(1))}/`;
