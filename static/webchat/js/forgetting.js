/**
 * What a browser keeps of an account goes once the server says that the account is signed out, or has ended.
 *
 * It says so in a cookie (`webchat/accounts/forgetting.py`), which the page after that reads and removes. Pages that are
 * still open elsewhere keep nothing from then on (`PageMemory`).
 */

import { PageMemory } from "./memory.js";

const NAMED = /(\d+)\.(drafts|all)/g;

/** `page.cookie` is the browser's cookies, of which `name` is meant. */
export function forgetTold(name, page, storage, databases) {
  const told = page.cookie.split("; ").find((each) => each.startsWith(`${name}=`));
  if (!told) return;
  for (const [, account, what] of told.slice(name.length + 1).matchAll(NAMED)) {
    new PageMemory(account, storage).forget();
    if (what === "all") databases.deleteDatabase(`starling-outbox-${account}`);
  }
  page.cookie = `${name}=; path=/; max-age=0; samesite=lax`;
}
