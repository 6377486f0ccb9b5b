/** What of the inbox is shown: all, the unread or the archive, of every type or of one. */

import { icon, make } from "./dom.js";

const SHOWN = { all: {}, unread: { is_read: "false" }, archived: { archived: "true" } };

export class Filters {
  constructor(words, onChange) {
    const shown = Object.keys(SHOWN).map((value) => choice("show", value, words[value]));
    const types = Object.entries({ "": words.allTypes, ...words.types }).map(([value, label]) =>
      choice("type", value, label, value && icon(value)),
    );
    this.element = make(
      "form",
      { className: "filters", part: "filters" },
      make("fieldset", { className: "segments", ariaLabel: words.show }, ...shown),
      make("fieldset", { className: "types", ariaLabel: words.type }, ...types),
    );
    this.element.addEventListener("change", () => onChange(this.query));
    this.element.addEventListener("submit", (event) => event.preventDefault());
  }

  /** As the service's list takes it. */
  get query() {
    const chosen = new FormData(this.element);
    const type = chosen.get("type");
    return { ...SHOWN[chosen.get("show")], ...(type && { notification_type: type }) };
  }
}

/** The first of each name is chosen; forms keep their radio buttons apart. */
function choice(name, value, label, ...picture) {
  const input = make("input", { type: "radio", name, value, checked: value === "all" || value === "" });
  return make("label", {}, input, make("span", {}, ...picture.filter(Boolean), label));
}
