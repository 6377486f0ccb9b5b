/** Deliveries that were given up, and trying them again: one, or a page of them after an outage. */

import { announce, chip, choice, field, make, query, spoken, table, time } from "./elements.js";
import { ask, askNext, reason, watch } from "./service.js";

const CHANNELS = ["email", "sms", "push"];
const REASONS = ["provider_rejected", "deadline_exceeded", "provider_misconfigured", "bounced", "in_doubt"];
const UNDER_WAY = ["pending", "scheduled", "sending", "sent"];

export class FailuresView {
  #form = make(
    "form",
    { className: "filters", ariaLabel: "Find failures" },
    field("Person", make("input", { name: "user", autocomplete: "off", spellcheck: false })),
    field("Channel", choice("channel", CHANNELS, "every channel")),
    field("Reason", choice("reason", REASONS, "every reason")),
    make("button", { className: "button", textContent: "Find" }),
  );
  #table = table("Failed deliveries", ["Delivery", "Person", "Reason", "Tries", "When", ""]);
  #note = make("p", { className: "quiet", role: "status" });
  #all = make("button", { type: "button", className: "button primary", textContent: "Try all of these again" });
  #more = make("button", { type: "button", className: "button", textContent: "Show earlier ones", hidden: true });
  #next = null;
  #asked = 0;
  #unwatch = new Set();

  constructor() {
    const heading = make("h1", { textContent: "Failed deliveries", tabIndex: -1 });
    const top = make("header", { className: "heading" }, heading, this.#all);
    this.element = make("section", { className: "list" }, top, this.#form, this.#note, this.#table.element, this.#more);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#find();
    });
    this.#form.addEventListener("change", () => this.#find());
    this.#all.addEventListener("click", () => this.#redriveAll());
    this.#more.addEventListener("click", () => this.#load(askNext("deliveries/", this.#next), this.#asked));
    this.#find();
  }

  show() {}

  stop() {
    this.#asked += 1;
    for (const unwatch of this.#unwatch) unwatch();
    this.#unwatch.clear();
  }

  #find() {
    this.stop();
    this.#table.body.replaceChildren();
    this.#load(ask("GET", `deliveries/?status=failed&${query(this.#form)}`), this.#asked);
  }

  async #load(asking, number) {
    this.#more.disabled = true;
    try {
      const page = await asking;
      if (number !== this.#asked) return;
      this.#table.body.append(...page.results.map((delivery) => this.#row(delivery)));
      this.#next = page.next;
      this.#more.hidden = page.next === null;
      const count = this.#table.body.rows.length;
      this.#all.disabled = count === 0;
      this.#note.textContent = count ? `${count} shown.` : "Nothing has failed here.";
    } catch (error) {
      if (number === this.#asked) this.#note.textContent = reason(error);
    } finally {
      this.#more.disabled = false;
    }
  }

  #row(delivery) {
    const link = make("a", { href: `#/notifications/${delivery.notification}`, textContent: spoken(delivery.channel) });
    const status = make("td", {}, chip("failed", spoken(delivery.reason ?? "failed")));
    const label = "Try again";
    const button = make("button", { type: "button", className: "button", textContent: label });
    button.setAttribute("aria-label", `${label}: ${spoken(delivery.channel)} for ${delivery.user}`);
    button.addEventListener("click", () => this.#redrive(delivery, status, button));
    const row = make("tr", {}, ...[link, delivery.user].map((cell) => make("td", {}, cell)), status);
    const rest = [String(delivery.attempts), time(delivery.updated_at), button];
    row.append(...rest.map((cell) => make("td", {}, cell)));
    row.dataset.id = delivery.id;
    return row;
  }

  async #redrive(delivery, status, button) {
    button.disabled = true;
    try {
      await ask("POST", `deliveries/${delivery.id}/redrive/`);
      status.replaceChildren(chip("pending", "trying again"));
      announce(`${spoken(delivery.channel)} for ${delivery.user} is tried again.`);
      this.#follow(delivery.id, status, button);
    } catch (error) {
      button.disabled = false;
      status.append(make("p", { className: "error", role: "alert", textContent: reason(error) }));
    }
  }

  /** Shows what becomes of a delivery, until it is settled. */
  #follow(id, status, button) {
    const unwatch = watch(async () => {
      const found = await ask("GET", `deliveries/${id}/`);
      const why = found.status === "failed" && found.reason ? ` · ${spoken(found.reason)}` : "";
      status.replaceChildren(chip(found.status, spoken(found.status) + why));
      button.disabled = found.status !== "failed";
      return UNDER_WAY.includes(found.status);
    });
    this.#unwatch.add(unwatch);
  }

  async #redriveAll() {
    this.#all.disabled = true;
    try {
      const size = Math.min(100, this.#table.body.rows.length);
      const answer = await ask("POST", `deliveries/redrive/?page_size=${size}&${query(this.#form)}`);
      for (const { id, detail } of answer.results) {
        const row = this.#table.body.querySelector(`[data-id="${CSS.escape(id)}"]`);
        if (row && detail === null) this.#follow(id, row.cells[2], row.querySelector("button"));
      }
      this.#note.textContent = `${answer.started} of ${answer.results.length} are tried again.`;
    } catch (error) {
      this.#note.textContent = reason(error);
    } finally {
      this.#all.disabled = false;
    }
  }
}
