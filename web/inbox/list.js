/**
 * The notifications under their days, newest first, each once; those that are not to be seen now keep their place.
 *
 * A block of them that has left the screen becomes an empty box of the height it had, so that an inbox of thousands
 * scrolls like one of fifty, whatever the height of its rows.
 */

import { dayOf } from "./dates.js";
import { make } from "./dom.js";
import { Row } from "./row.js";

const BLOCK = 20;
const FULL_BLOCK = 2 * BLOCK;
const GUESSED_ROW_PX = 84;
const MARGIN = "800px 0px";

export class NotificationList {
  #context;
  #blocks = [];
  #blockOf = new Map();
  #near;
  #seen;

  /** `shown(item)` is how one is to be seen, or null; `onSeen(id, isSeen)` hears of rows; the rest is a `Row`'s. */
  constructor(scroller, context) {
    this.#context = context;
    this.element = make("div", { className: "list", part: "list" });
    this.element.addEventListener("keydown", (event) => this.#walk(event));
    const nearby = { root: scroller, rootMargin: MARGIN };
    this.#near = new IntersectionObserver((entries) => entries.forEach((entry) => this.#comeOrGo(entry)), nearby);
    this.#seen = new IntersectionObserver(
      (entries) => entries.forEach(({ target, isIntersecting }) => context.onSeen(target.dataset.id, isIntersecting)),
      { root: scroller },
    );
  }

  /** As it is to be seen. */
  get newest() {
    for (const item of this) {
      const shown = this.#context.shown(item);
      if (shown) return shown;
    }
  }

  get(id) {
    return this.#blockOf.get(id)?.items.find((item) => item.id === id);
  }

  *[Symbol.iterator]() {
    for (const { items } of this.#blocks) yield* items;
  }

  clear() {
    this.#near.disconnect();
    this.#seen.disconnect();
    this.#blocks = [];
    this.#blockOf.clear();
    this.element.replaceChildren();
  }

  /** Puts them at the end: the service's own order is kept. */
  append(items) {
    const fresh = items.filter(({ id }) => !this.#blockOf.has(id));
    for (let start = 0; start < fresh.length; start += BLOCK) this.#add("append", fresh.slice(start, start + BLOCK));
  }

  /** Puts one on top: what has just arrived is the newest, even if it was written long ago for today. */
  prepend(item) {
    if (this.#blockOf.has(item.id)) return;
    const first = this.#blocks[0];
    if (!first || first.items.length >= FULL_BLOCK) this.#add("prepend", [item]);
    else this.#insert(first, 0, item);
  }

  update(id, changes) {
    const item = this.get(id);
    if (!item) return;
    Object.assign(item, changes);
    const block = this.#blockOf.get(id);
    const row = block.rows?.get(id);
    const shown = this.#context.shown(item);
    if (row && shown) return row.update(shown);
    if (!row && !shown) return;
    const hadFocus = row?.element.matches(":focus-within");
    this.#redraw(block);
    if (hadFocus) this.#focusNear(block, block.items.indexOf(item));
  }

  remove(id) {
    const block = this.#blockOf.get(id);
    if (!block) return;
    block.items = block.items.filter((item) => item.id !== id);
    this.#blockOf.delete(id);
    this.#redraw(block);
  }

  refreshTimes() {
    for (const { rows } of this.#blocks) rows?.forEach((row) => row.refreshTime());
  }

  #add(where, items) {
    const block = { items, rows: null, element: make("div", { className: "block" }) };
    block.element.style.height = `${items.length * GUESSED_ROW_PX}px`;
    for (const { id } of items) this.#blockOf.set(id, block);
    this.#blocks[where === "append" ? "push" : "unshift"](block);
    this.element[where](block.element);
    this.#near.observe(block.element);
  }

  #insert(block, index, item) {
    block.items.splice(index, 0, item);
    this.#blockOf.set(item.id, block);
    this.#redraw(block);
  }

  #comeOrGo({ target, isIntersecting, boundingClientRect }) {
    const block = this.#blocks.find(({ element }) => element === target);
    if (isIntersecting && !block.rows) {
      block.rows = new Map();
      this.#draw(block);
    } else if (!isIntersecting && block.rows && boundingClientRect.height && !target.matches(":focus-within")) {
      target.style.height = `${boundingClientRect.height}px`;
      target.replaceChildren();
      block.rows = null;
    }
  }

  /** The next block, too: whether it begins with the name of a day depends on how this one ends. */
  #redraw(block) {
    const next = this.#blocks[this.#blocks.indexOf(block) + 1];
    for (const each of [block, next]) if (each?.rows) this.#draw(each);
  }

  #draw(block) {
    const focused = block.element.getRootNode().activeElement;
    const shown = this.#shownOf(block);
    const rows = new Map(shown.map((item) => [item.id, block.rows.get(item.id) ?? new Row(item, this.#context)]));
    let day = this.#dayBefore(block);
    let list = null;
    block.element.style.height = "";
    block.element.replaceChildren();
    for (const item of shown) {
      if (dayOf(item) !== day) {
        list = null;
        day = dayOf(item);
        block.element.append(make("h3", { part: "day", textContent: this.#context.dates.nameOfDay(day) }));
      }
      list ??= block.element.appendChild(make("ul", { className: "day" }));
      list.append(rows.get(item.id).element);
    }
    for (const [id, row] of rows) if (!block.rows.has(id)) this.#seen.observe(row.element);
    block.rows = rows;
    if (block.element.contains(focused)) focused.focus({ preventScroll: true });
  }

  #dayBefore(block) {
    const before = this.#blocks.slice(0, this.#blocks.indexOf(block)).findLast((each) => this.#shownOf(each).length);
    return before && dayOf(this.#shownOf(before).at(-1));
  }

  #shownOf({ items }) {
    return items.map((item) => this.#context.shown(item)).filter(Boolean);
  }

  #focusNear({ items, rows }, index) {
    const nearest = [...items.slice(index), ...items.slice(0, index).reverse()].find(({ id }) => rows.has(id));
    if (nearest) rows.get(nearest.id).focus();
    else (this.element.querySelector(".title") ?? this.#context.fallbackFocus).focus();
  }

  /** Arrow keys walk from row to row, so that a long inbox is not a long row of tab stops to count. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest(".row");
    if (!row || event.target.matches("select")) return;
    if (event.key === "Delete") this.#context.act("delete", row.dataset.id);
    if (!step) return;
    const titles = [...this.element.querySelectorAll(".title")];
    const next = titles[titles.indexOf(row.querySelector(".title")) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}
