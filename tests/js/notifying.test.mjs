import assert from "node:assert/strict";
import { test } from "node:test";

import { Notifying } from "../../static/webchat/js/notifying.js";
import { mentionOf } from "../../static/webchat/js/reading.js";
import { Seen } from "../../static/webchat/js/seen.js";
import { CLAIMS_MAX, Told } from "../../static/webchat/js/told.js";
import { settle } from "./fakes.mjs";

const ME = "ab".repeat(20);
const OTHER = "cd".repeat(20);

/** What a browser offers: asks when told to, and notes what it shows. */
function browser(permission) {
  const shown = [];
  class System {
    static permission = permission;
    static asked = 0;

    static async requestPermission() {
      System.asked += 1;
      System.permission = "granted";
    }

    constructor(title, { body, tag }) {
      shown.push({ title, body, tag, it: this });
    }

    close() {}
  }
  return { System, shown };
}

function notifying(permission, { isSeen = false, blocked = [], told = new Told("told", null) } = {}) {
  const { System, shown } = browser(permission);
  const kept = new Map();
  const suggested = [];
  const opened = [];
  const model = new Notifying({
    memory: { get: (key) => kept.get(key) ?? null, set: (key, value) => (value ? kept.set(key, value) : kept.delete(key)) },
    system: permission === "unsupported" ? undefined : System,
    seen: { isAny: async () => isSeen, whenSeen: (act) => act() },
    told,
    me: () => ME,
    isBlocked: (id) => blocked.includes(id),
    nameOf: () => "bob",
    wordsOf: (message) => message.text,
    suggest: (act) => suggested.push(act),
    open: (channel) => opened.push(channel),
  });
  return { model, shown, suggested, opened, System };
}

const message = (text, more = {}) => ({ channel: "#lobby", author: OTHER, own: false, deleted: false, text, ...more });
const mention = (more) => message(`hello ${mentionOf(ME)}`, more);

test("mentions are told while no page is seen, other messages only where that is wanted", async () => {
  const { model, shown } = notifying("granted");
  await model.arrived(message("hello"));
  assert.deepEqual(shown, []);
  await model.arrived(mention());
  assert.deepEqual(shown.map((each) => each.title), ["bob mentioned you in #lobby"]);
  model.setLevel("#lobby", "all");
  await model.arrived(message("all of it"));
  await model.arrived(message("elsewhere", { channel: "#other" }));
  assert.deepEqual(shown.slice(1).map((each) => [each.title, each.body]), [["bob in #lobby", "all of it"]]);
  model.setLevel("#lobby", "none");
  await model.arrived(mention());
  assert.equal(shown.length, 2);
  model.setLevel("#lobby", "mentions");
  assert.equal(model.level("#lobby"), "mentions");
});

test("nothing is told while a page is seen, of oneself, of the blocked, or of what was deleted", async () => {
  const seen = notifying("granted", { isSeen: true });
  await seen.model.arrived(mention());
  const { model, shown } = notifying("granted", { blocked: [OTHER] });
  await model.arrived(mention());
  await model.arrived(mention({ author: ME, own: true }));
  await model.arrived(mention({ author: "ef".repeat(20), deleted: true }));
  assert.deepEqual([...seen.shown, ...shown], []);
});

test("permission is asked by a press alone; the first mention suggests it, once", async () => {
  const { model, suggested, System, shown } = notifying("default");
  await model.arrived(message("no mention"));
  assert.equal(suggested.length, 0);
  await model.arrived(mention());
  await model.arrived(mention());
  assert.deepEqual([suggested.length, System.asked, shown.length], [1, 0, 0]);
  let drawn = 0;
  model.onChange = () => (drawn += 1);
  await suggested[0]();
  assert.deepEqual([System.asked, model.permission, drawn], [1, "granted", 1]);
});

test("a flood is one notification per channel, and pressing it opens the channel", async () => {
  const { model, shown, opened } = notifying("granted");
  for (let n = 0; n < 20; n += 1) await model.arrived(mention());
  assert.equal(new Set(shown.map((each) => each.tag)).size, 1);
  shown[0].it.onclick();
  assert.deepEqual(opened, ["#lobby"]);
});

test("a browser without notifications, or that lets no page show them, breaks nothing", async () => {
  const { model } = notifying("unsupported");
  assert.equal(model.permission, "unsupported");
  await model.arrived(mention());
  await model.allow();
  assert.equal(model.test("#lobby"), false);
  assert.equal(notifying("granted").model.test("#lobby"), true);
});

/** Locks that nobody waits for, as the browser keeps them for all pages. */
function locksDouble() {
  const held = new Set();
  const request = async (name, { ifAvailable }, act) => {
    assert.equal(ifAvailable, true);
    await settle(); // as another process answers
    if (held.has(name)) return act(null);
    held.add(name);
    await act({ name });
    return held.delete(name);
  };
  return { held, request };
}

test("of five hidden pages one tells of a message, also when the others come to it later", async () => {
  const locks = locksDouble();
  const pages = Array.from({ length: 5 }, () => notifying("granted", { told: new Told("told of ann", locks) }));
  const shown = () => pages.map((page) => page.shown.length);
  const first = mention({ id: "m1" });
  await Promise.all(pages.slice(0, 4).map(({ model }) => model.arrived(first)));
  assert.deepEqual(shown(), [1, 0, 0, 0, 0]);
  await pages[4].model.arrived(first);
  await Promise.all(pages.reverse().map(({ model }) => model.arrived(mention({ id: "m2" }))));
  assert.deepEqual(shown(), [1, 0, 0, 0, 1], "the next message is another page's that comes to it first");
  const other = notifying("granted", { told: new Told("told of bob", locks) });
  await other.model.arrived(first);
  assert.equal(other.shown.length, 1, "another account's pages tell for themselves");
});

test("a page holds on to no more messages than the newest that it told of", async () => {
  const locks = locksDouble();
  const told = new Told("told", locks);
  for (let n = 0; n <= CLAIMS_MAX; n += 1) assert.equal(await told.claim(`m${n}`), true);
  await settle();
  assert.deepEqual([locks.held.size, locks.held.has("told m0")], [CLAIMS_MAX, false]);
});

/** A page that can be hidden, and locks as the browser keeps them for all pages. */
function pages() {
  const held = [];
  const locks = {
    query: async () => ({ held: [...held] }),
    async request(name, { mode }, act) {
      const lock = { name, mode };
      held.push(lock);
      await act();
      held.splice(held.indexOf(lock), 1);
    },
  };
  return function page(hidden) {
    let changed = null;
    const it = { hidden, addEventListener: (_, act) => (changed = act) };
    const seen = new Seen("seen", it, locks);
    return {
      seen,
      hide(isHidden) {
        it.hidden = isHidden;
        changed();
      },
    };
  };
}

test("a hidden page knows of another one that is seen", async () => {
  const page = pages();
  const [one, two] = [page(true), page(false)];
  assert.equal(await one.seen.isAny(), true);
  two.hide(true);
  await settle();
  assert.equal(await one.seen.isAny(), false);
  two.hide(false);
  assert.equal(await one.seen.isAny(), true);
});

test("what waits for somebody to come back happens once", () => {
  const page = pages()(true);
  let times = 0;
  page.seen.whenSeen(() => (times += 1));
  assert.equal(times, 0);
  page.hide(false);
  page.hide(true);
  page.hide(false);
  assert.equal(times, 1);
  page.seen.whenSeen(() => (times += 1));
  assert.equal(times, 2);
});
