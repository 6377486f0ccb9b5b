/** Elements out of words: whatever a notification says becomes a text node, never markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Names with a dash are attributes, the others properties. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "part" || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

const PATHS = {
  bell: "M6 10a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10M10 20a2.2 2.2 0 0 0 4 0",
  booking: "M7 5.5h10a3 3 0 0 1 3 3V17a3 3 0 0 1-3 3H7a3 3 0 0 1-3-3V8.5a3 3 0 0 1 3-3M8 3.5v4M16 3.5v4M4 10.5h16M9 15l2.2 2 4-4",
  payment: "M6 6h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3M3 10.5h18M7 15h4",
  session:
    "M12 18c-5 0-8.5-2.5-9-7 3 0 5 1 6.2 3M12 18c5 0 8.5-2.5 9-7-3 0-5 1-6.2 3M12 18c-3-2.5-4-5-4-7.5S9.5 6 12 4c2.5 2 4 4 4 6.5S15 15.5 12 18",
  review: "m12 4 2.5 5.1 5.6.8-4 4 .9 5.6-5-2.7-5 2.7.9-5.6-4-4 5.6-.8z",
  system: "M4 10v4a1 1 0 0 0 1 1h2l1.5 5h2.5L9.8 15H11l7 3.5v-13L11 9H5a1 1 0 0 0-1 1M21 10.5v3",
  message:
    "M4 7.5A2.5 2.5 0 0 1 6.5 5h11A2.5 2.5 0 0 1 20 7.5v6a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4V16A2.5 2.5 0 0 1 4 13.5zM8.5 9.5h7M8.5 12.3h4",
  reminder: "M12 5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15M12 8.5v4l2.7 1.8M5 4 3 6M19 4l2 2",
  read: "m5 12.5 4.5 4.5L19 7.5",
  unread: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
  archive: "M4 5h16v4H4zM5.5 9v10h13V9M10 13h4",
  inbox: "M4 13 6.5 5h11L20 13v6H4zM4 13h5l1 2.5h4l1-2.5h5",
  snooze: "M12 5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15M9.5 10h5l-5 5.5h5",
  delete: "M5 7h14M10 7V4.5h4V7M7 7l1 12.5h8L17 7M10.5 11v5M13.5 11v5",
  settings: "M4 8h9M17 8h3M4 16h3M11 16h9M15 6v4M9 14v4",
  back: "M14.5 6 8.5 12l6 6",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? PATHS.bell);
  svg.append(path);
  return svg;
}

/** A button that shows a picture and says a word. */
export function iconButton(name, label, onClick) {
  const properties = { type: "button", className: "action", ariaLabel: label, title: label };
  const button = make("button", properties, icon(name));
  button.addEventListener("click", onClick);
  return button;
}
