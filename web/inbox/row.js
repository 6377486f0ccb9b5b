/** One notification as a row. Every word in it is set as text, so markup in a title stays a title. */

import { icon, iconButton, make } from "./dom.js";
import { fill } from "./strings.js";

export class Row {
  #context;
  #title;
  #message = make("p", { part: "message" });
  #chips;
  #time = make("time");
  #mark;
  #archive;
  #actions;

  /** `context` is `{words, dates, act(name, id, value)}`; acts: select, mark, archive, snooze, delete. */
  constructor(item, context) {
    const { words, act } = context;
    this.#context = context;
    this.id = item.id;
    const doing = (name) => () => act(name, this.id);
    this.#title = make("button", { type: "button", className: "title", part: "title" });
    this.#chips = make("ul", { className: "chips", ariaLabel: words.deliveries });
    this.#mark = iconButton("read", "", doing("mark"));
    this.#archive = iconButton("archive", "", doing("archive"));
    this.#actions = [
      [this.#mark, null],
      [this.#archive, null],
      [this.#snooze(), words.snooze],
      [iconButton("delete", "", doing("delete")), words.delete],
    ];
    const body = make("div", { className: "words" }, make("h4", {}, this.#title), this.#message, this.#chips);
    const controls = this.#actions.map(([control]) => control);
    const actions = make("div", { className: "actions", part: "actions" }, ...controls);
    const symbol = make("span", { className: "symbol" }, icon(item.notification_type));
    this.element = make("li", { part: "row" }, symbol, body, this.#time, actions);
    this.element.dataset.id = item.id;
    this.element.dataset.type = item.notification_type;
    this.element.addEventListener("click", ({ target }) => {
      // Somebody who selects a sentence does not mean to open it.
      if (!target.closest(".actions") && getSelection().isCollapsed) act("select", this.id);
    });
    this.update(item);
  }

  update(item) {
    const { words } = this.#context;
    const isArchived = item.place === "archive";
    const named = [
      [this.#mark, item.is_read ? words.markUnread : words.markRead],
      [this.#archive, isArchived ? words.unarchive : words.archive],
      ...this.#actions.slice(2),
    ];
    for (const [control, action] of named) {
      const button = control.querySelector("select") ?? control;
      button.ariaLabel = fill(words.actionsFor, { action, title: item.title });
      control.title = action;
    }
    this.element.className = this.element.part = item.is_read ? "row" : "row unread";
    this.#mark.replaceChildren(icon(item.is_read ? "unread" : "read"));
    this.#archive.replaceChildren(icon(isArchived ? "inbox" : "archive"));
    this.#title.textContent = item.title;
    this.#message.textContent = item.message;
    this.#showDeliveries(item.deliveries ?? []);
    this.#time.dateTime = item.created_at;
    this.#time.title = this.#context.dates.absolute.format(new Date(item.created_at));
    this.refreshTime();
  }

  refreshTime() {
    this.#time.textContent = this.#context.dates.since(this.#time.dateTime);
  }

  focus() {
    this.#title.focus();
  }

  /** Those outside the page; that the in-app one arrived is plain to see. */
  #showDeliveries(deliveries) {
    const { channels, statuses, reasons } = this.#context.words;
    const outside = deliveries.filter(({ channel }) => channel !== "in_app");
    const chips = outside.map(({ channel, status, reason }) => {
      const words = `${channels[channel] ?? channel} ${statuses[status] ?? status}`;
      const textContent = reason ? `${words} · ${reasons[reason] ?? reason.replaceAll("_", " ")}` : words;
      const chip = make("li", { className: "chip", part: "chip", textContent });
      Object.assign(chip.dataset, { channel, status });
      return chip;
    });
    this.#chips.replaceChildren(...chips);
    this.#chips.hidden = chips.length === 0;
  }

  /** A menu of the browser's own, under a picture: complete by keyboard and for screen readers as it is. */
  #snooze() {
    const { words, act } = this.#context;
    const option = ([value, textContent]) => make("option", { value, textContent });
    const select = make("select", {}, option(["", words.snooze]), ...Object.entries(words.snoozeFor).map(option));
    select.options[0].hidden = true;
    select.addEventListener("change", () => act("snooze", this.id, select.value));
    return make("span", { className: "action" }, icon("snooze"), select);
  }
}
