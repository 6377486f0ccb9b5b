/** The bell and the panel behind it: heading, filters, the list or the settings, and a word when there is neither. */

import { icon, iconButton, make } from "./dom.js";
import { Filters } from "./filters.js";
import { fill } from "./strings.js";
import { Toast } from "./toast.js";

const END_MARGIN = "1000px 0px";

export class Panel {
  #words;
  #root;
  #onToggle;
  #list;
  #inbox;
  #filters;
  #loadPreferences;
  #preferences = make("div", { hidden: true });
  #bell;
  #badge = make("span", { className: "badge", part: "badge", "aria-hidden": "true", hidden: true });
  #summary = make("span");
  #state = make("span", { className: "state", part: "state" });
  #markAll;
  #settings;
  #notice = make("div", { className: "notice", part: "notice", hidden: true });
  #end = make("div", { className: "end" });
  #announcer = make("p", { className: "unseen", role: "status" });
  #atEnd;
  #error = null;

  /** `onToggle(isOpen)` hears when the reader opens or closes it. */
  constructor({ words, root, onToggle }) {
    this.#words = words;
    this.#root = root;
    this.#onToggle = onToggle;
    this.toast = new Toast(words);
    this.heading = make("h2", { textContent: words.title, tabIndex: -1 });
    this.scroller = make("div", { className: "scroller", part: "scroller" });
  }

  /** `loadPreferences()` answers with the settings' element; they are fetched when somebody wants to see them. */
  fill(list, inbox, loadPreferences) {
    const words = this.#words;
    this.#list = list;
    this.#inbox = inbox;
    this.#loadPreferences = loadPreferences;
    this.#filters = new Filters(words, (query) => inbox.show(query));
    const markAll = { type: "button", className: "button", part: "mark-all", textContent: words.markAll };
    this.#markAll = make("button", markAll);
    this.#markAll.addEventListener("click", () => inbox.markAll());
    this.#settings = iconButton("settings", words.preferences, () => this.#turn());
    this.#bell = make("button", { type: "button", className: "bell", part: "bell" }, icon("bell"), this.#badge);
    this.#bell.addEventListener("click", () => this.#onToggle(this.element.hidden));

    const status = make("p", { role: "status" }, this.#summary, this.#state);
    const titled = make("div", {}, this.heading, status);
    const header = make("header", { part: "header" }, titled, this.#markAll, this.#settings);
    this.scroller.append(list.element, this.#notice, this.#end, this.#preferences);
    const inside = [header, this.#filters.element, this.scroller, this.toast.status, this.#announcer];
    this.element = make("div", { className: "panel", part: "panel", role: "group", ariaLabel: words.title }, ...inside);
    this.element.addEventListener("keydown", (event) => this.#press(event));
    this.#root.append(this.#bell, this.element);
    this.#watchEnd();
    document.addEventListener("click", this.#clickedOutside);
    this.count(0);
    this.stateIs("connecting");
  }

  remove() {
    this.#atEnd.disconnect();
    document.removeEventListener("click", this.#clickedOutside);
    this.#root.replaceChildren();
  }

  get #isInline() {
    return this.#root.host.hasAttribute("inline");
  }

  toggle(isOpen, moveFocus = true) {
    this.element.hidden = !isOpen && !this.#isInline;
    this.#bell.setAttribute("aria-expanded", String(!this.element.hidden));
    if (moveFocus && !this.#isInline) (isOpen ? this.heading : this.#bell).focus();
  }

  count(count) {
    const { bell, caughtUp, unreadCount } = this.#words;
    this.#badge.textContent = count;
    this.#badge.hidden = count === 0;
    this.#bell.ariaLabel = fill(bell, { count });
    this.#summary.textContent = count === 0 ? caughtUp : fill(unreadCount, { count });
    this.#markAll.disabled = count === 0;
  }

  stateIs(state) {
    this.#state.dataset.state = state;
    this.#state.textContent = this.#words.states[state];
    this.refresh();
  }

  busy(isBusy) {
    this.#list.element.ariaBusy = String(isBusy);
  }

  failed(error) {
    this.#error = error;
    this.refresh();
  }

  /** Says why nothing is there, and looks again whether the end is in sight. */
  refresh() {
    const isBusy = this.#list.element.ariaBusy !== "false";
    const { loadFailed, loading, emptyFiltered, empty } = this.#words;
    const nothing = isBusy ? loading : this.#inbox.isFiltered ? emptyFiltered : empty;
    const text = this.#error ? `${loadFailed} ${this.#error.message}` : nothing;
    const isShown = !this.#list.element.hidden && (this.#error || !this.#list.newest);
    this.#notice.hidden = !isShown;
    if (isShown && this.#notice.dataset.text !== text) {
      this.#notice.dataset.text = text;
      this.#notice.replaceChildren(icon("session"), make("p", { textContent: text }));
      if (this.#error) this.#notice.append(this.#retry());
    }
    this.#atEnd.unobserve(this.#end); // it is told of again only if it is looked for again
    if (!this.#error) this.#atEnd.observe(this.#end);
  }

  announce(text) {
    this.#announcer.textContent = text;
  }

  #retry() {
    const button = make("button", { type: "button", className: "button", textContent: this.#words.retry });
    button.addEventListener("click", () => (this.#list.newest ? this.#inbox.more() : this.#inbox.load()));
    return button;
  }

  #watchEnd() {
    const reach = ([{ isIntersecting }]) => isIntersecting && this.#inbox.more();
    this.#atEnd = new IntersectionObserver(reach, { root: this.scroller, rootMargin: END_MARGIN });
  }

  #clickedOutside = (event) => {
    if (this.element.hidden || this.#isInline || event.composedPath().includes(this.#root.host)) return;
    this.#onToggle(false);
  };

  #press(event) {
    const isUndo = event.key === "z" && (event.ctrlKey || event.metaKey) && !event.target.matches("input");
    if (isUndo) this.toast.undo();
    if (event.key !== "Escape") return;
    if (!this.#preferences.hidden) this.#turn();
    else if (!this.#isInline) this.#onToggle(false);
  }

  /** From the list to the settings, or back. */
  async #turn() {
    const { preferences, back, title } = this.#words;
    const isSettings = this.#preferences.hidden;
    const ofTheList = [this.#list.element, this.#end, this.#filters.element, this.#markAll];
    for (const element of ofTheList) element.hidden = isSettings;
    this.#preferences.hidden = !isSettings;
    this.heading.textContent = isSettings ? preferences : title;
    this.#settings.replaceChildren(icon(isSettings ? "back" : "settings"));
    this.#settings.ariaLabel = this.#settings.title = isSettings ? back : preferences;
    this.heading.focus();
    this.refresh();
    if (isSettings) this.#preferences.replaceChildren(await this.#loadPreferences());
  }
}
