/** `<notification-inbox>`: a bell with the exact count, and a user's whole inbox. See docs/inbox-element.md. */

import { Dates } from "./inbox/dates.js";
import { Inbox } from "./inbox/inbox.js";
import { NotificationList } from "./inbox/list.js";
import { Panel } from "./inbox/panel.js";
import { fill, merged } from "./inbox/strings.js";
import sheet from "./inbox/styles.js";
import { NotificationsClient } from "./notifications-client.js";

const TICK_MS = 20_000;

export class NotificationInbox extends HTMLElement {
  static observedAttributes = ["token", "open", "origin", "user", "unshared", "strings", "lang", "inline"];

  #strings = null;
  #parts = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
  }

  get client() {
    return this.#parts?.client ?? null;
  }

  get unreadCount() {
    return this.client?.unreadCount ?? 0;
  }

  get newest() {
    return this.#parts?.list.newest ?? null;
  }

  set strings(own) {
    this.#strings = own;
    this.#begin();
  }

  get strings() {
    return merged(this.#strings ?? JSON.parse(this.getAttribute("strings") ?? "null"));
  }

  get open() {
    return this.hasAttribute("open");
  }

  set open(isOpen) {
    this.toggleAttribute("open", isOpen);
  }

  show(notification) {
    this.#parts?.inbox.add(notification);
  }

  connectedCallback() {
    this.#begin();
  }

  disconnectedCallback() {
    this.#end();
  }

  attributeChangedCallback(name, before, after) {
    if (!this.#parts || before === after) return;
    if (name === "token") this.client.token = after;
    else if (name === "open") this.#toggle();
    else this.#begin();
  }

  #begin() {
    if (!this.isConnected) return;
    this.#end();
    const ended = new AbortController();
    const { signal } = ended;
    const words = this.strings;
    const dates = new Dates(this.lang || document.documentElement.lang || undefined, words);
    const client = new NotificationsClient({
      origin: this.getAttribute("origin") ?? "",
      token: this.getAttribute("token"),
      user: this.getAttribute("user"),
      shared: !this.hasAttribute("unshared"),
    });
    const panel = new Panel({ words, root: this.shadowRoot, onToggle: (isOpen) => (this.open = isOpen) });
    const list = new NotificationList(panel.scroller, {
      words,
      dates,
      shown: (item) => inbox.shown(item),
      act: (name, id, value) => this.#act(name, id, value),
      onSeen: (id, isSeen) => inbox.seen(id, isSeen),
      fallbackFocus: panel.heading,
    });
    const view = this.#view();
    const inbox = new Inbox({ client, list, toast: panel.toast, words, view, signal });
    this.#parts = { ended, words, dates, client, panel, list, inbox };

    panel.fill(list, inbox, () => this.#preferences());
    client.addEventListener("unread_count", () => this.#count(), { signal });
    client.addEventListener("state", ({ detail }) => this.#stateIs(detail), { signal });
    addEventListener("pagehide", () => panel.toast.settle(), { signal });
    const tick = setInterval(() => list.refreshTimes(), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(tick));
    panel.toggle(this.open, false);
    if (this.open || this.hasAttribute("inline")) inbox.wake();
    client.connect();
  }

  #end() {
    this.#parts?.panel.toast.settle();
    this.#parts?.ended.abort();
    this.#parts?.client.close();
    this.#parts?.panel.remove();
    this.#parts = null;
  }

  #view() {
    return {
      busy: (isBusy) => this.#parts?.panel.busy(isBusy),
      failed: (error) => this.#parts?.panel.failed(error),
      changed: () => this.#parts?.panel.refresh(),
      recount: () => this.#parts?.client.recount(),
      arrived: (notification) => {
        this.#parts.panel.announce(fill(this.#parts.words.arrived, notification));
        this.#tell("inbox-notification", notification);
      },
    };
  }

  async #preferences() {
    const { client, words, dates, panel } = this.#parts;
    const { Preferences, sheet: more } = await import("./inbox/preferences.js");
    this.shadowRoot.adoptedStyleSheets = [sheet, more];
    const say = (text, isError) => panel.toast.say(text, null, isError);
    const preferences = new Preferences({ service: client.service, words, dates, say });
    preferences.load();
    return preferences.element;
  }

  #toggle() {
    this.#parts.panel.toggle(this.open);
    if (this.open) this.#parts.inbox.wake();
  }

  #act(name, id, value) {
    const { inbox, list } = this.#parts;
    if (name === "select" && !this.#tell("inbox-select", { ...list.get(id) })) return;
    inbox[name](id, value);
  }

  #count() {
    this.#parts.panel.count(this.unreadCount);
    this.#tell("inbox-count", this.unreadCount);
  }

  #stateIs(state) {
    this.#parts.panel.stateIs(state);
    this.#tell("inbox-state", state);
  }

  /** False when the page has prevented what would follow. */
  #tell(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true, cancelable: true }));
  }
}

customElements.define("notification-inbox", NotificationInbox);
