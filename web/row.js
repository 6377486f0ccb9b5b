/** One notification as a row of the inbox. Every word in it is set as text, so markup in a title stays a title. */

const ICONS = "icons.svg#";

export const TYPES = {
  booking: "Bookings",
  payment: "Payments",
  session: "Sessions",
  message: "Messages",
  review: "Reviews",
  reminder: "Reminders",
  system: "News",
};

const CHANNELS = { in_app: "In app", email: "Email", sms: "SMS", push: "Push" };

/** The service's reasons in a reader's words; one that is not here is shown as it is, with spaces. */
const REASONS = {
  preference_off: "switched off in settings",
  global_preference_off: "switched off in settings",
  opted_out: "opted out",
  quiet_hours: "after your quiet hours",
  no_address: "no address known",
  forbidden_by_type: "not for this type",
  already_read: "already read here",
  provider_rejected: "refused by the provider",
  provider_silent: "no answer from the provider",
  expired: "no longer of use",
  deadline_exceeded: "given up after many tries",
};

const STATUSES = { pending: "waiting", scheduled: "scheduled", sending: "on its way" };

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", ICONS + name);
  svg.append(use);
  return svg;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const absolute = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "short" });

function timeSince(date) {
  const seconds = (Date.now() - date) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 2700) return relative.format(-Math.round(seconds / 60), "minute");
  if (seconds < 79_200) return relative.format(-Math.round(seconds / 3600), "hour");
  return relative.format(-Math.round(seconds / 86_400), "day");
}

export class Row {
  #title = make("h3");
  #message = make("p");
  #chips = make("ul", { className: "chips", ariaLabel: "Deliveries" });
  #time = make("time");
  #mark = make("button", { type: "button", className: "mark" });
  #deliveries = new Map();

  /** `onMark(row)` is called when the reader asks for read to become unread, or the other way round. */
  constructor(item, onMark) {
    this.id = item.id;
    this.item = item;
    this.createdAt = new Date(item.created_at);
    this.#time.dateTime = item.created_at;
    this.#time.title = absolute.format(this.createdAt);

    const symbol = make("span", { className: "symbol" }, icon(item.notification_type in TYPES ? item.notification_type : "bell"));
    const words = make("div", { className: "words" }, this.#title, this.#message, this.#chips);
    this.element = make("li", { className: "row" }, symbol, words, this.#time, this.#mark);
    this.element.dataset.id = item.id;
    this.element.dataset.type = item.notification_type;
    this.element.addEventListener("click", ({ target }) => {
      // Somebody who selects a sentence does not mean to mark it.
      if (target === this.#mark || getSelection().isCollapsed) onMark(this);
    });

    this.edit(item);
    this.setRead(item.is_read);
    this.refreshTime();
  }

  /** Whether the deliveries are known; list items do not carry them. */
  get isDetailed() {
    return this.element.hasAttribute("data-detailed");
  }

  edit({ title, message, deliveries }) {
    this.#title.textContent = title;
    this.#message.textContent = message;
    if (!deliveries) return;
    this.element.setAttribute("data-detailed", "");
    // What a live event said while the detail was under way is newer than the detail.
    for (const delivery of deliveries) if (!this.#deliveries.has(delivery.channel)) this.setDelivery(delivery);
  }

  setRead(isRead) {
    this.isRead = isRead;
    this.element.classList.toggle("unread", !isRead);
    this.#mark.setAttribute("aria-label", `Mark as ${isRead ? "unread" : "read"}: ${this.#title.textContent}`);
    this.#mark.title = isRead ? "Mark as unread" : "Mark as read";
  }

  /** Shows a delivery outside the page; that the in-app one arrived is plain to see. */
  setDelivery({ channel, status, reason }) {
    if (channel === "in_app") return;
    const chip = this.#deliveries.get(channel) ?? this.#chips.appendChild(make("li", { className: "chip" }));
    this.#deliveries.set(channel, chip);
    chip.dataset.channel = channel;
    chip.dataset.status = status;
    const words = `${CHANNELS[channel] ?? channel} ${STATUSES[status] ?? status}`;
    chip.textContent = reason ? `${words} · ${REASONS[reason] ?? reason.replaceAll("_", " ")}` : words;
  }

  refreshTime() {
    this.#time.textContent = timeSince(this.createdAt);
  }
}
