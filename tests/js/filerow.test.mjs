/** The file of a row: its picture comes when it can be had, what is on its way is told, and so is what nobody has. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { SHOWN_MAX_BYTES } from "../../static/webchat/js/files.js";
import { drawFile, PICTURE_TRIES_MAX } from "../../static/webchat/js/view/filerow.js";
import { documentDouble } from "./domdouble.mjs";
import { settle } from "./fakes.mjs";

const SIZE = 2_000_000;
const ADDRESS = "/files/a/id/";

let element;

beforeEach(() => {
  globalThis.document = documentDouble("files");
  element = document.getElementById("files");
});

afterEach(() => {
  delete globalThis.document;
});

function draw(nodes, { name = "soup.png", size = SIZE, canBeHad = async () => true } = {}) {
  const row = { id: "id", channel: "#a", order: "1", deleted: false, file: { root: "r", name, size } };
  drawFile(element, row, nodes && { asked: 3, here: 0, ...nodes }, canBeHad);
}

const image = () => element.all("img")[0];
const link = (name) => element.all("a").find((each) => each.getAttribute("aria-label") === name);
const words = () => element.all("span").map((each) => each.textContent);

/** Count how often the picture is asked for. */
function asks() {
  let n = 0;
  const set = image().setAttribute.bind(image());
  image().setAttribute = (name, value) => {
    if (name === "src") n += 1;
    set(name, value);
  };
  return () => n;
}

test("a picture that failed is hidden, and tried again when the nodes that have it are others", () => {
  draw({ nodes: 0 });
  const asked = asks();
  const [shown] = element.all("a");
  image().fire("error");
  assert.equal(shown.hidden, true);
  draw({ nodes: 0 });
  assert.equal(asked(), 0, "nothing has changed");
  draw({ nodes: 2 });
  assert.deepEqual([asked(), image().getAttribute("src"), image().getAttribute("loading")], [1, ADDRESS, "eager"]);
  draw({ nodes: 3 });
  assert.equal(asked(), 1, "one at a time");
  image().fire("load");
  assert.deepEqual([shown.hidden, element.all("div")[0].classList.contains("is-caption")], [false, true]);
  draw({ nodes: 1 });
  assert.equal(asked(), 1);
});

test("what became known while it was being asked for counts once that has failed", () => {
  draw(null);
  const asked = asks();
  draw({ nodes: 1 });
  draw({ nodes: 2 });
  assert.equal(asked(), 0);
  image().fire("error");
  assert.equal(asked(), 1);
});

test("what failed before anything was known of its nodes is tried again by the first that is known", () => {
  draw(null);
  const asked = asks();
  image().fire("error");
  draw(null);
  assert.equal(asked(), 0, "nothing is known");
  draw({ nodes: 2, here: SIZE });
  assert.equal(asked(), 1, "it is here: nothing else may ever be told");
});

test("what became known first while it was being asked for is tried once that has failed", () => {
  draw(null);
  const asked = asks();
  draw({ nodes: 2, here: SIZE });
  image().fire("error");
  assert.equal(asked(), 1);
});

test("what only calls itself a picture is not asked for without end", () => {
  draw({ nodes: 0 });
  const asked = asks();
  for (let nodes = 1; nodes < 20; nodes += 1) {
    image().fire("error");
    draw({ nodes });
  }
  assert.equal(asked(), PICTURE_TRIES_MAX - 1);
});

test("a large picture is not loaded unasked, but there is a way to see it", () => {
  draw({ nodes: 1 }, { size: SHOWN_MAX_BYTES + 1 });
  assert.equal(image(), undefined);
  const open = link("Show picture soup.png");
  assert.deepEqual([open.getAttribute("href"), open.textContent], [ADDRESS, "Show picture"]);
  element = document.createElement("div");
  draw({ nodes: 1 }, { size: SHOWN_MAX_BYTES + 1, name: "soup.zip" });
  assert.equal(link("Show picture soup.zip"), undefined);
});

test("while the node fetches it the row says how much is here", () => {
  draw({ nodes: 2, here: 500_000 });
  assert.ok(words().includes("500 kB of 2.0 MB here"));
  for (const here of [0, SIZE]) {
    draw({ nodes: 2, here });
    assert.ok(!words().some((each) => / here$/.test(each)), here);
  }
});

test("saving asks first: what nobody has is told on the row, what somebody has is downloaded", async () => {
  let isThere = false;
  draw({ nodes: 0 }, { canBeHad: async () => isThere });
  const save = link("Save soup.png");
  const downloads = [];
  const press = () => {
    let isStopped = false;
    save.fire("click", { preventDefault: () => (isStopped = true) });
    if (!isStopped) downloads.push(save.getAttribute("href"));
  };
  save.click = press;
  press();
  await settle();
  assert.deepEqual(downloads, []);
  assert.ok(words().some((each) => /^Nobody who is reachable has this file\. Try again later/.test(each)));
  isThere = true;
  press();
  await settle();
  assert.deepEqual(downloads, [`${ADDRESS}?download`]);
  assert.ok(!words().some((each) => /^Nobody/.test(each)));
});
