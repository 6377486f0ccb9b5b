// How messages, calls and fault scripts look. Text is only ever set as text: a message may contain markup.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const drawn = new Map();

/** Puts the messages into a column, newest first, keeping the elements of those that were there. */
export function showMessages(column, channel, messages) {
  const before = drawn.get(channel) ?? new Map();
  const now = new Map(messages.map((message) => [message.id, before.get(message.id) ?? draw(channel, message)]));
  messages.forEach((message) => showStatus(now.get(message.id).querySelector(".status"), message));
  const list = column.querySelector(".messages");
  const wanted = [...now.values()];
  // Left alone when nothing came or went, so that a selection or a scroll position survives the second.
  if (wanted.length !== list.children.length || wanted.some((item, index) => item !== list.children[index])) {
    list.replaceChildren(...wanted);
  }
  column.querySelector(".empty").hidden = messages.length > 0;
  drawn.set(channel, now);
}

export function showRequests(body, requests) {
  body.replaceChildren(
    ...requests.map((request) => {
      const answer = element("span", request.status_code ?? "none", `code ${codeClass(request.status_code)}`);
      const key = element("code", request.idempotency_key ?? "—");
      key.title = request.idempotency_key ?? "";
      return row(time(request.at), answer, request.channel ?? "—", request.user ?? "—", key, note(request));
    }),
  );
}

export function showScripts(list, scripts) {
  const items = scripts.map(({ channel, script }) => {
    const item = element("li", `${channel ?? "any channel"}: `);
    item.append(...script.map((entry) => element("span", entryWords(entry), "entry")));
    return item;
  });
  list.replaceChildren(...(items.length ? items : [element("li", "Nothing: all is well.", "quiet")]));
}

function draw(channel, message) {
  const item = document.querySelector(`#${channel}-look`).content.firstElementChild.cloneNode(true);
  const words = {
    ".address": message.user ? `${message.to} · user ${message.user}` : message.to,
    ".title": message.title,
    ".body": message.body,
    ".avatar": (message.to[0] ?? "?").toUpperCase(),
  };
  for (const [selector, text] of Object.entries(words)) {
    const place = item.querySelector(selector);
    if (place) place.textContent = text;
  }
  item.querySelector("time").replaceWith(time(message.received_at));
  return item;
}

function showStatus(chip, { status, reason }) {
  const words = reason ? `${status} · ${reason}` : status;
  if (chip.textContent === words) return;
  chip.textContent = words;
  chip.className = `status ${status.toLowerCase()}`;
}

function note({ replayed, body_differs: bodyDiffers, fault }) {
  const notes = [];
  if (replayed) notes.push("replayed");
  if (bodyDiffers) notes.push("another body");
  if (fault !== null) notes.push(`script: ${entryWords(fault)}`);
  return notes.join(", ");
}

function entryWords(entry) {
  if (typeof entry !== "object") return String(entry).replaceAll("_", " ");
  const waits = [];
  if (entry.retry_after !== undefined) waits.push(`retry after ${entry.retry_after} s`);
  if (entry.delay_ms) waits.push(`slow by ${entry.delay_ms} ms`);
  return [entry.status, ...waits].join(", ");
}

function codeClass(code) {
  if (code === null) return "unanswered";
  return code < 400 ? "good" : code < 500 ? "refused" : "broken";
}

function time(iso) {
  const item = element("time", clock.format(new Date(iso)));
  item.dateTime = iso;
  item.title = iso;
  return item;
}

function row(...cells) {
  const item = document.createElement("tr");
  for (const cell of cells) item.insertCell().append(cell);
  return item;
}

function element(name, text, className = "") {
  const item = document.createElement(name);
  item.textContent = text;
  item.className = className;
  return item;
}
