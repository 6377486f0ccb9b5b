/** The words that staff keep: all templates in a list, one of them being written, and how it would come out. */

import { announce, chip, field, make, spoken } from "./elements.js";
import { Previews } from "./previews.js";
import { ask, askNext, reason } from "./service.js";

const LIST = "notification-templates/";
const VARIABLE = /\{\{\s*([A-Za-z_]\w*)/g;

export class TemplatesView {
  #templates = [];
  #loaded;
  #list = make("ul", { className: "templates" });
  #search = make("input", { type: "search", name: "search" });
  #note = make("p", { className: "quiet", role: "status" });
  #pane = make("div", { className: "detail" });
  #editor = null;
  #shown = null;

  constructor() {
    const heading = make("h1", { textContent: "Templates", tabIndex: -1 });
    const list = make("section", { className: "list" }, heading, field("Key or name", this.#search), this.#note, this.#list);
    this.element = make("div", { className: "panes" }, list, this.#pane);
    this.#search.addEventListener("input", () => this.#fill());
    this.#loaded = this.#load();
  }

  async show(id) {
    this.stop();
    this.#shown = id;
    await this.#loaded;
    if (this.#shown !== id) return;
    const template = this.#templates.find((each) => each.id === id);
    this.element.classList.toggle("open", Boolean(template));
    this.#fill();
    if (!template) return this.#pane.replaceChildren();
    const { key, locale } = template;
    const siblings = this.#templates.filter((each) => each.key === key && each.locale === locale);
    this.#editor = new Editor(template, siblings, (stored) => this.#replace(stored));
    this.#pane.replaceChildren(this.#editor.element);
    this.#editor.focus();
  }

  stop() {
    this.#editor?.stop();
    this.#editor = null;
  }

  async #load() {
    try {
      let page = await ask("GET", `${LIST}?page_size=100`);
      this.#templates = page.results;
      while (page.next) {
        page = await askNext(LIST, page.next);
        this.#templates.push(...page.results);
      }
      this.#templates.sort((one, other) => one.key.localeCompare(other.key));
      this.#fill();
    } catch (error) {
      this.#note.textContent = reason(error);
    }
  }

  #replace(stored) {
    this.#templates = this.#templates.map((each) => (each.id === stored.id ? stored : each));
    this.#fill();
  }

  #fill() {
    const wanted = this.#search.value.toLowerCase();
    const found = this.#templates.filter(({ key, name }) => `${key} ${name}`.toLowerCase().includes(wanted));
    this.#note.textContent = `${found.length} of ${this.#templates.length}.`;
    this.#list.replaceChildren(...found.map((template) => this.#entry(template)));
  }

  #entry({ id, key, delivery_channel: channel, locale, version, is_active: isActive }) {
    const link = make("a", { href: `#/templates/${id}` }, make("b", { textContent: key }));
    if (id === this.#shown) link.setAttribute("aria-current", "true");
    const off = isActive ? [] : [chip("cancelled", "off")];
    const about = `${spoken(channel)} · ${locale} · version ${version}`;
    link.append(make("span", { className: "quiet", textContent: about }), ...off);
    return make("li", {}, link);
  }
}

class Editor {
  #template;
  #siblings;
  #onStored;
  #previews = new Previews();
  #title = make("h2", { id: "editor-title", tabIndex: -1 });
  #about = make("p", { className: "quiet" });
  #name = make("input", { name: "name" });
  #subject = make("input", { name: "subject_template", spellcheck: true });
  #body = make("textarea", { name: "body_template", rows: 6, required: true });
  #active = make("input", { name: "is_active", type: "checkbox" });
  #data = make("textarea", { name: "data", rows: 6, spellcheck: false });
  #save = make("button", { className: "button primary", textContent: "Save as the next version" });
  #note = make("p", { role: "status", className: "quiet" });
  #conflict = make("div", { className: "conflict", role: "alert", hidden: true });

  /** `onStored(template)` is told each version that the service has, ours or somebody else's. */
  constructor(template, siblings, onStored) {
    this.#siblings = siblings;
    this.#onStored = onStored;
    const form = make(
      "form",
      {},
      field("Name", this.#name),
      field("Subject", this.#subject),
      field("Text", this.#body),
      make("label", { className: "check" }, this.#active, "In use"),
      make("div", { className: "actions" }, this.#save, this.#note),
      this.#conflict,
    );
    const sample = make("div", {}, field("Sample data, as JSON", this.#data));
    const side = make("section", {}, make("h3", { textContent: "How it comes out" }), sample, this.#previews.element);
    const writing = make("section", {}, make("h3", { textContent: "Words" }), form);
    this.element = make("section", { className: "card editor" }, this.#title, this.#about, make("div", {}, writing, side));
    this.element.setAttribute("aria-labelledby", "editor-title");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#store(this.#template.version);
    });
    for (const control of [this.#subject, this.#body, this.#data]) control.addEventListener("input", () => this.#preview());
    this.#data.value = JSON.stringify(sampleFor([template, ...siblings]), null, 2);
    this.#take(template);
  }

  focus() {
    this.#title.focus();
  }

  stop() {
    this.#previews.stop();
  }

  /** Shows a version that is stored, in place of what is being written. */
  #take(template) {
    this.#know(template);
    this.#name.value = template.name;
    this.#subject.value = template.subject_template;
    this.#body.value = template.body_template;
    this.#active.checked = template.is_active;
    this.#preview();
  }

  #know(template) {
    this.#template = template;
    this.#title.textContent = template.key;
    const { delivery_channel: channel, locale, version, notification_type: type } = template;
    this.#about.textContent = `${spoken(channel)} · ${locale} · ${type} · version ${version}`;
    this.#conflict.hidden = true;
  }

  #words() {
    return { subject_template: this.#subject.value, body_template: this.#body.value };
  }

  #preview() {
    let data;
    try {
      data = JSON.parse(this.#data.value || "{}");
      this.#data.setCustomValidity("");
    } catch {
      this.#data.setCustomValidity("This is no JSON.");
      this.#data.reportValidity();
      return;
    }
    const others = this.#siblings.filter(({ id, is_active: isActive }) => isActive && id !== this.#template.id);
    this.#previews.soon([{ ...this.#template, ...this.#words() }, ...others], data);
  }

  async #store(version) {
    this.#save.disabled = true;
    const wanted = { ...this.#words(), name: this.#name.value, is_active: this.#active.checked, version };
    try {
      const stored = await ask("PATCH", `${LIST}${this.#template.id}/`, wanted);
      this.#know(stored);
      this.#onStored(stored);
      this.#note.textContent = `Version ${stored.version} is in use.`;
    } catch (error) {
      if (error.status === 409) await this.#disagree(error);
      else this.#note.textContent = reason(error);
    } finally {
      this.#save.disabled = false;
    }
  }

  /** Somebody was faster: shows their words beside ours, and leaves the choice. */
  async #disagree(error) {
    const theirs = await ask("GET", `${LIST}${this.#template.id}/`);
    const take = make("button", { type: "button", className: "button", textContent: "Take theirs" });
    const keep = make("button", { type: "button", className: "button", textContent: "Write mine over it" });
    take.addEventListener("click", () => {
      this.#onStored(theirs);
      this.#take(theirs);
      announce(`Version ${theirs.version} is shown.`);
      this.#body.focus();
    });
    keep.addEventListener("click", () => this.#store(theirs.version));
    this.#note.textContent = "";
    this.#conflict.hidden = false;
    this.#conflict.replaceChildren(
      make("p", {}, make("b", { textContent: "Not saved: somebody has changed it meanwhile. " }), reason(error)),
      make("p", { className: "theirs" }, make("b", { textContent: theirs.subject_template }), " ", theirs.body_template),
      make("div", { className: "actions" }, take, keep),
    );
  }
}

/** A value for each variable that some templates name: its own name, in words. */
function sampleFor(templates) {
  const names = templates.flatMap(({ subject_template: subject, body_template: body }) =>
    [...`${subject} ${body}`.matchAll(VARIABLE)].map(([, name]) => name),
  );
  return Object.fromEntries([...new Set(names)].map((name) => [name, name.replaceAll("_", " ")]));
}
