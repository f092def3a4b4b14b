/**
 * The button that copies a link to the open channel: it works for somebody without an account, too.
 *
 * Where the browser lets no page write to the clipboard, the link is shown so that people copy it themselves.
 */

import { channelLink } from "../channelname.js";
import { say } from "../strings.js";
import { byId } from "./dom.js";

/** `current()` is the open channel, `tell(text)` shows a word for a moment. */
export function offerInviteLink(current, tell) {
  byId("copy-link").addEventListener("click", async () => {
    const link = channelLink(window.location.origin, current());
    try {
      await navigator.clipboard.writeText(link);
      tell(say("link.copied", { channel: current() }));
    } catch {
      tell(say("link.copy", { link }));
    }
  });
}
