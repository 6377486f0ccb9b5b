/** Elements out of words: whatever a notification says becomes a text node, never markup. */

const SVG = "http://www.w3.org/2000/svg";

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A form's control under its label. */
export function field(label, control) {
  return make("label", {}, make("span", { textContent: label }), control);
}

export function choice(name, words, every) {
  const options = words.map((word) => make("option", { value: word, textContent: spoken(word) }));
  return make("select", { name }, make("option", { value: "", textContent: every }), ...options);
}

/** A table whose body is filled later; a heading that is empty belongs to the column of buttons. */
export function table(caption, headings) {
  const cells = headings.map((heading) =>
    heading ? make("th", { scope: "col", textContent: heading }) : make("td", {}),
  );
  const body = make("tbody");
  const head = make("thead", {}, make("tr", {}, ...cells));
  const element = make("table", {}, make("caption", { className: "unseen", textContent: caption }), head, body);
  return { element: make("div", { className: "scroll" }, element), body };
}

export function chip(status, words = spoken(status)) {
  const element = make("span", { className: "chip", textContent: words });
  element.dataset.status = status;
  return element;
}

/** A word of the wire, for people: `in_app` as it is said, underscores as spaces. */
export function spoken(word) {
  return { in_app: "in-app", sms: "SMS" }[word] ?? word.replaceAll("_", " ");
}

/** Says something to those who do not see it. */
export function announce(words) {
  document.querySelector("#announcer").textContent = words;
}

const moment = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** An instant in the reader's own zone. */
export function time(instant) {
  const date = new Date(instant);
  return make("time", { dateTime: instant, title: exact.format(date), textContent: moment.format(date) });
}

/** The query of what a form asks for; what is left empty is not asked. */
export function query(form) {
  return new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
}
