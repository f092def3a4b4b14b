/**
 * The button that copies a link to the open channel, and says for whom it works: that is the server's policy.
 *
 * Where the browser lets no page write to the clipboard (without HTTPS, but on this machine itself), the link is
 * shown in a card, selected, for as long as somebody needs to copy it.
 */

import { channelLink } from "../channelname.js";
import { say } from "../strings.js";
import { byId, dialogOf, setAttribute, setText } from "./dom.js";

/**
 * `origin` is the server's; `current()` the open channel; `copy(text)` writes to the clipboard or fails; `toast` says
 * it. Of the page: `signup` is who may have an account, `invitations` where invitations are made, empty for whom not.
 */
export function offerInviteLink({ origin, current, copy, toast, signup, invitations, go }) {
  const card = new LinkCard();
  byId("copy-link").addEventListener("click", async () => {
    const channel = current();
    const link = channelLink(origin, channel);
    const forWhom = say(signup === "open" ? "link.for.all" : invitations ? "link.for.invited" : "link.for.members");
    const inviting = invitations && `${invitations}?${new URLSearchParams({ channel })}`;
    try {
      await copy(link);
    } catch {
      card.show(say("link.title", { channel }), `${say("link.copy")} ${forWhom}`, link, inviting);
      return;
    }
    const words = `${say("link.copied", { channel })} ${forWhom}`;
    if (inviting) toast.suggest(words, say("link.invite"), () => go(inviting));
    else toast.tell(words);
  });
}

class LinkCard {
  #dialog = dialogOf("link-card");
  #field = byId("link-field");

  constructor() {
    this.#field.addEventListener("focus", () => this.#field.select());
  }

  show(title, text, link, inviting) {
    setText(byId("link-title"), title);
    setText(byId("link-text"), text);
    this.#field.value = link;
    const invite = byId("link-invite");
    invite.hidden = !inviting;
    setText(invite, say("link.invite"));
    setAttribute(invite, "href", inviting || null);
    this.#dialog.showModal();
    this.#field.focus();
    this.#field.select();
  }
}
