/** A word about what has just been done, for a while, and the way back from it. */

import { make } from "./dom.js";

const SHOWN_MS = 7_000;

export class Toast {
  #text = make("span");
  #undo;
  #timer = 0;
  #way = null;

  constructor(words) {
    this.#undo = make("button", { type: "button", textContent: words.undo, hidden: true });
    this.#undo.addEventListener("click", () => this.undo());
    this.element = make("div", { className: "toast", part: "toast", hidden: true }, this.#text, this.#undo);
    this.status = make("div", { role: "status" }, this.element);
    // Whoever is on the way to the button has the time to get there.
    const on = (event, listener) => this.element.addEventListener(event, listener);
    for (const event of ["focusin", "pointerenter"]) on(event, () => clearTimeout(this.#timer));
    for (const event of ["focusout", "pointerleave"]) on(event, () => this.#wait());
  }

  /** Of `way`, `{undo(), settle()}`, one is called: the second when the time is up, or something else is said. */
  say(text, way = null, isError = false) {
    this.settle();
    this.#way = way;
    this.#text.textContent = text;
    this.#undo.hidden = !way?.undo;
    this.element.hidden = false;
    this.element.classList.toggle("error", isError);
    this.#wait();
  }

  undo() {
    const way = this.#close();
    way?.undo?.();
  }

  settle() {
    const way = this.#close();
    way?.settle?.();
  }

  #wait() {
    clearTimeout(this.#timer);
    if (!this.element.hidden) this.#timer = setTimeout(() => this.settle(), SHOWN_MS);
  }

  #close() {
    const way = this.#way;
    this.#way = null;
    clearTimeout(this.#timer);
    this.element.hidden = true;
    return way;
  }
}
