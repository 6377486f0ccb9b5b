/** The rows of the inbox under their days, newest first, each notification once. */

import { make } from "./row.js";

const weekday = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const dayOf = (date) => date.toLocaleDateString("sv"); // Swedish dates are ISO dates, in the reader's own time zone

function dayName(day) {
  const now = new Date();
  if (day === dayOf(now)) return "Today";
  if (day === dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return "Yesterday";
  return weekday.format(new Date(`${day}T12:00`));
}

function newDay(day) {
  const section = make("section", { className: "day" }, make("h2", { textContent: dayName(day) }), make("ul"));
  section.dataset.day = day;
  return section;
}

export class InboxList {
  #rows = new Map();
  #container;
  #onScreen;

  /** `onSeen(row)` is called once for each row that comes on screen. */
  constructor(container, onSeen) {
    this.#container = container;
    this.#onScreen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.#onScreen.unobserve(target);
        const row = this.get(target.dataset.id);
        if (row) onSeen(row);
      }
    });
    container.addEventListener("keydown", (event) => this.#walk(event));
  }

  get size() {
    return this.#rows.size;
  }

  get newest() {
    return this.#rows.get(this.#container.querySelector(".row")?.dataset.id);
  }

  get(id) {
    return this.#rows.get(id);
  }

  [Symbol.iterator]() {
    return this.#rows.values();
  }

  clear() {
    this.#rows.clear();
    this.#onScreen.disconnect();
    this.#container.replaceChildren();
  }

  /** Puts a row at the end: the service's own order is kept, and a day starts where its first row is. */
  append(row) {
    const last = this.#container.lastElementChild;
    const day = dayOf(row.createdAt);
    const section = last && last.dataset.day <= day ? last : this.#container.appendChild(newDay(day));
    this.#place(row, section, "append");
  }

  /** Puts a row on top: what has just arrived is the newest, even if it was written long ago for today. */
  prepend(row) {
    const first = this.#container.firstElementChild;
    const day = dayOf(row.createdAt);
    if (!first || first.dataset.day < day) this.#container.prepend(newDay(day));
    this.#place(row, this.#container.firstElementChild, "prepend");
  }

  remove(id) {
    const row = this.#rows.get(id);
    if (!row) return;
    this.#rows.delete(id);
    const day = row.element.closest("section");
    row.element.remove();
    if (!day.querySelector(".row")) day.remove();
  }

  refreshTimes() {
    for (const row of this) row.refreshTime();
    for (const section of this.#container.children) section.firstChild.textContent = dayName(section.dataset.day);
  }

  #place(row, section, where) {
    this.#rows.set(row.id, row);
    section.querySelector("ul")[where](row.element);
    this.#onScreen.observe(row.element);
  }

  /** Arrow keys walk from row to row, so that a long inbox is not a long row of tab stops to count. */
  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const marks = [...this.#container.querySelectorAll(".mark")];
    const next = marks[marks.indexOf(document.activeElement) + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
