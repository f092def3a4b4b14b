import assert from "node:assert/strict";
import { test } from "node:test";

import { RowList } from "../../static/webchat/js/rowlist.js";

const row = (id, place, order = "") => ({ id, place, order });
const ids = (list) => list.rows.map((each) => each.id).join("");

test("rows stand by their order key, those without one at the end as they were written", () => {
  const list = new RowList();
  for (const each of [row("x", 1), row("c", 2, "30"), row("y", 3), row("a", 4, "10"), row("b", 5, "20")])
    list.insert(each);
  assert.equal(ids(list), "abcxy");
});

test("a key takes a row to its place, and says whether it moved", () => {
  const list = new RowList();
  const mine = row("m", 2);
  list.insert(row("a", 1, "10"));
  list.insert(mine);
  list.insert(row("z", 3, "30"));
  assert.equal(ids(list), "azm");
  assert.equal(list.reorder(mine, "20"), true);
  assert.equal(ids(list), "amz");
  assert.equal(list.reorder(mine, "20"), false);
  assert.equal(list.reorder(mine, "25"), false);
  assert.equal(list.reorder(mine, ""), false);
});

test("the order is the same whatever the order of arrival", () => {
  const orders = ["05", "11", "12", "2a", "9f", "a0", "ff"];
  const arrivals = [orders, [...orders].reverse(), ["a0", "05", "ff", "12", "2a", "11", "9f"]];
  for (const arrival of arrivals) {
    const list = new RowList();
    arrival.forEach((order, place) => list.insert(row(order, place, order)));
    assert.deepEqual(
      list.rows.map((each) => each.order),
      orders,
    );
  }
});
