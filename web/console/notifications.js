/** Everybody's notifications, newest first, and one of them in full beside the list. */

import { announce, chip, choice, field, make, query, spoken, table, time } from "./elements.js";
import { ask, askNext, reason, watch } from "./service.js";
import { story } from "./timeline.js";

export const TYPES = ["booking", "payment", "session", "review", "system", "message", "reminder"];
const STATUSES = ["pending", "sent", "failed", "cancelled"];
const LIST = "console/notifications/";
/** After these nothing more is to be expected of a delivery. */
const SETTLED = ["delivered", "failed", "skipped", "cancelled"];

export class NotificationsView {
  #form = make(
    "form",
    { className: "filters", ariaLabel: "Find notifications" },
    field("Words", make("input", { name: "search", type: "search", maxLength: 200 })),
    field("Person", make("input", { name: "user", autocomplete: "off", spellcheck: false })),
    field("Type", choice("notification_type", TYPES, "every type")),
    field("Status", choice("status", STATUSES, "every status")),
    make("button", { className: "button", textContent: "Find" }),
  );
  #table = table("Notifications", ["Notification", "Person", "Status", "When"]);
  #note = make("p", { className: "quiet", role: "status" });
  #more = make("button", { type: "button", className: "button", textContent: "Show earlier ones", hidden: true });
  #detail = make("section", { className: "detail card", hidden: true });
  #next = null;
  #asked = 0;
  #shown = null;
  #unwatch = () => {};

  constructor() {
    const heading = make("h1", { textContent: "Notifications", tabIndex: -1 });
    const list = make("section", { className: "list" }, heading, this.#form, this.#table.element, this.#note, this.#more);
    this.#detail.setAttribute("aria-labelledby", "detail-title");
    this.element = make("div", { className: "panes" }, list, this.#detail);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#find();
    });
    this.#form.addEventListener("change", () => this.#find());
    this.#more.addEventListener("click", () => this.#load(askNext(LIST, this.#next), this.#asked));
    this.#find();
  }

  show(id) {
    this.#unwatch();
    this.#shown = id;
    this.#detail.hidden = !id;
    this.element.classList.toggle("open", Boolean(id));
    this.#mark();
    if (!id) return;
    let told = "";
    const look = async (isFirst) => {
      const path = `notifications/${encodeURIComponent(id)}/`;
      const [found, timeline] = await Promise.all([ask("GET", path), ask("GET", `${path}timeline/`)]);
      if (this.#shown !== id) return false;
      const known = JSON.stringify([found.status, found.deliveries, timeline]);
      if (known !== told) this.#present(found, timeline, isFirst);
      told = known;
      return found.deliveries.some(({ status }) => !SETTLED.includes(status)) || !found.is_read;
    };
    look(true).then(
      (goesOn) => {
        if (goesOn && this.#shown === id) this.#unwatch = watch(look);
      },
      (error) => {
        if (this.#shown !== id) return;
        const title = make("h2", { id: "detail-title", textContent: "Nothing to show" });
        this.#detail.replaceChildren(title, make("p", { className: "error", role: "alert", textContent: reason(error) }));
      },
    );
  }

  stop() {
    this.#shown = null;
    this.#unwatch();
  }

  #find() {
    this.#asked += 1;
    this.#table.body.replaceChildren();
    this.#load(ask("GET", `${LIST}?${query(this.#form)}`), this.#asked);
  }

  /** Adds a page; the answer to a question that was asked before the last one is dropped. */
  async #load(asking, number) {
    this.#more.disabled = true;
    try {
      const page = await asking;
      if (number !== this.#asked) return;
      this.#table.body.append(...page.results.map(row));
      this.#next = page.next;
      this.#more.hidden = page.next === null;
      const count = this.#table.body.rows.length;
      const open = page.next === null ? "" : " so far";
      this.#note.textContent = count ? `${count} found${open}.` : `Nothing found${open}.`;
      this.#mark();
    } catch (error) {
      if (number === this.#asked) this.#note.textContent = reason(error);
    } finally {
      this.#more.disabled = false;
    }
  }

  #mark() {
    for (const link of this.#table.body.querySelectorAll("a")) {
      if (link.hash === `#/notifications/${this.#shown}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  #present(found, timeline, isFirst) {
    const hadFocus = this.#detail.contains(document.activeElement);
    const title = make("h2", { id: "detail-title", textContent: found.title, tabIndex: -1 });
    const back = make("a", { className: "button", href: "#/notifications", textContent: "Close" });
    this.#detail.replaceChildren(
      make("header", {}, title, back),
      make("p", { className: "message", textContent: found.message }),
      facts(found),
      make("h3", { textContent: "Its story" }),
      ...story(timeline.entries, found.deliveries),
      make("h3", { textContent: "Deliveries" }),
      this.#deliveries(found),
    );
    if (isFirst || hadFocus) title.focus({ preventScroll: !isFirst });
  }

  #deliveries(found) {
    const { element, body } = table("Deliveries", ["Channel", "Status", "Attempts", "Next attempt", ""]);
    for (const delivery of found.deliveries) {
      const why = delivery.reason ? ` · ${spoken(delivery.reason)}` : "";
      const status = make("td", {}, chip(delivery.status, spoken(delivery.status) + why));
      const next = delivery.next_attempt_at ? time(delivery.next_attempt_at) : "–";
      const action = delivery.status === "failed" ? this.#redriving(found, delivery) : "";
      const cells = [spoken(delivery.channel), String(delivery.attempts), next, action];
      const [channel, ...others] = cells.map((cell) => make("td", {}, cell));
      body.append(make("tr", {}, channel, status, ...others));
    }
    return element;
  }

  #redriving(found, { channel }) {
    const label = `Try ${spoken(channel)} again`;
    const button = make("button", { type: "button", className: "button", textContent: label });
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const query = new URLSearchParams({ notification: found.id, channel, status: "failed" });
        const { results } = await ask("GET", `deliveries/?${query}`);
        if (results.length) await ask("POST", `deliveries/${results[0].id}/redrive/`);
        announce(`${spoken(channel)} is tried again.`);
        this.show(found.id);
      } catch (error) {
        button.disabled = false;
        button.after(make("p", { className: "error", role: "alert", textContent: reason(error) }));
      }
    });
    return button;
  }
}

function row(item) {
  const link = make("a", { href: `#/notifications/${item.id}`, textContent: item.title || "(no title)" });
  const channels = item.delivery_channels.map(spoken).join(", ");
  const about = make("span", { className: "quiet", textContent: `${item.notification_type} · ${channels}` });
  const title = make("td", {}, link, about);
  const person = make("td", { textContent: item.user });
  return make("tr", {}, title, person, make("td", {}, chip(item.status)), make("td", {}, time(item.created_at)));
}

function facts(found) {
  const told = {
    Person: found.user_name ? `${found.user_name} (${found.user})` : found.user,
    Type: found.notification_type,
    Status: chip(found.status),
    Priority: found.priority,
    Planned: found.scheduled_for && time(found.scheduled_for),
    Expires: found.expires_at && time(found.expires_at),
    About: found.related_object_id && `${found.related_object_type}:${found.related_object_id}`,
    Key: found.notification_key,
    Id: found.id,
  };
  const entries = Object.entries(told).filter(([, value]) => value);
  const pairs = entries.map(([name, value]) => make("div", {}, make("dt", { textContent: name }), make("dd", {}, value)));
  return make("dl", { className: "facts" }, ...pairs);
}
