/** The story of one notification: a lane per channel, drawn in time, and every moment of it in words. */

import { draw, make, spoken, time } from "./elements.js";

const CHANNELS = ["in_app", "email", "sms", "push"];
const GUTTER = 88;
const LANE = 58;
const TOP = 34;
const STEP = 60;
/** Pixels for each tenfold of a pause: a wait of days fits beside a try of milliseconds. */
const STRETCH = 12;
/** What is closer together than this stands in one column, one moment per lane. */
const TOGETHER_MS = 25;

/** What a lane is in after a moment, until its next one. */
const STATES = {
  decided: "waiting",
  waiting: "waiting",
  pending: "waiting",
  redriven: "waiting",
  asked: "trying",
  attempt_started: "trying",
  sent: "sent",
};
/** A delivery's statuses that go on by themselves. */
const OPEN = ["pending", "scheduled", "sending"];
const OUTCOMES = { rejected: "failed" };
const WORDS = {
  accepted: "accepted",
  decided: "decided",
  published: "in the inbox",
  waiting: "waits",
  redriven: "redriven",
  read: "read",
};

/** The picture and the words beneath it; `entries` are the timeline's, in order. */
export function story(entries, deliveries) {
  const moments = make("ol", { className: "moments" }, ...entries.map(inWords));
  const region = make("div", { className: "scroll picture", tabIndex: 0, role: "group", ariaLabel: "Timeline" });
  region.append(picture(entries, deliveries));
  const details = make("details", {}, make("summary", { textContent: `${entries.length} moments, and why` }), moments);
  return [region, details];
}

function picture(entries, deliveries) {
  const lanes = ["", ...CHANNELS.filter((channel) => deliveries.some((delivery) => delivery.channel === channel))];
  const known = entries.filter((entry) => lanes.includes(laneOf(entry)) && !isToldByAnother(entry));
  const { columns, width } = placed(known);
  const height = TOP + lanes.length * LANE + 8;
  const canvas = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
  canvas.append(draw("title", {}, `Timeline: ${known.map(label).join(", ")}`));
  canvas.append(...pauses(columns, height));
  lanes.forEach((lane, number) => {
    const y = TOP + number * LANE + LANE / 2;
    const delivery = deliveries.find(({ channel }) => channel === lane);
    canvas.append(...heading(lane, delivery, y));
    const stops = columns.flatMap(({ x, moments }) =>
      moments.filter((moment) => laneOf(moment) === lane).map((moment) => ({ x, moment })),
    );
    canvas.append(...lines(stops, delivery, y, width), ...stops.map(({ x, moment }) => mark(x, y, moment)));
  });
  return canvas;
}

/** Acceptance, reading and changes are the notification's own; the rest is a channel's. */
function laneOf({ channel }) {
  return channel ?? "";
}

/** What is in the inbox was decided, and what was sent was taken over. */
function isToldByAnother({ event, channel, reason }) {
  return (event === "decided" && channel === "in_app") || (event === "attempt_ended" && reason === "accepted");
}

/** Moments in columns from left to right, longer pauses wider. */
function placed(entries) {
  const columns = [];
  let x = GUTTER + STEP / 2;
  for (const moment of entries) {
    const at = Date.parse(moment.at);
    const last = columns.at(-1);
    const isFree = last && !last.moments.some((other) => laneOf(other) === laneOf(moment));
    if (isFree && at - last.at < TOGETHER_MS) {
      last.moments.push(moment);
      continue;
    }
    const pause = last ? Math.max(0, at - last.at) : 0;
    if (last) x += STEP + STRETCH * Math.log10(1 + pause / 1000);
    columns.push({ x, at, pause, moments: [moment] });
  }
  return { columns, width: Math.ceil(x + STEP) };
}

function* pauses(columns, height) {
  for (const [number, { x, pause }] of columns.entries()) {
    yield draw("line", { class: "tick", x1: x, x2: x, y1: TOP - 8, y2: height });
    if (number === 0) yield text(x, 14, "start", "pause first");
    else if (pause >= 1) yield text((x + columns[number - 1].x) / 2, 14, `+${duration(pause)}`, "pause");
  }
}

function* heading(lane, delivery, y) {
  yield text(0, y - 2, lane ? spoken(lane) : "notification", "lane");
  if (delivery) yield text(0, y + 13, delivery.status, `lane-status ${delivery.status}`);
  if (delivery?.reason) yield text(0, y + 26, spoken(delivery.reason), `lane-status ${delivery.status}`);
}

/** What lies between the moments of a lane; what is still open runs on to the edge. */
function* lines(stops, delivery, y, width) {
  for (const [number, { x, moment }] of stops.entries()) {
    const state = moment.event === "attempt_ended" ? (OUTCOMES[moment.reason] ?? "waiting") : STATES[moment.event];
    const next = stops[number + 1];
    if (!state || state === "failed" || (!next && !OPEN.includes(delivery?.status))) continue;
    yield draw("line", { class: `state ${state}`, x1: x, x2: next ? next.x : width - 6, y1: y, y2: y });
    const until = !next && delivery.next_attempt_at;
    if (until) yield text(width - 6, y - 10, `until ${time(until).textContent}`, "until");
  }
}

function mark(x, y, moment) {
  const dot = draw("circle", { class: `moment ${kind(moment)}`, cx: x, cy: y, r: 6 });
  const full = [new Date(moment.at).toLocaleString("en-GB"), label(moment), moment.explanation].filter(Boolean);
  const words = text(x, y + 20, label(moment), "what");
  return draw("g", {}, draw("title", {}, full.join(" · ")), dot, words);
}

function kind({ event, reason }) {
  return event === "attempt_ended" ? (OUTCOMES[reason] ?? "busy") : event;
}

function label({ event, reason, attempt, status_code: code }) {
  if (event === "attempt_started") return `try ${attempt}`;
  if (event === "attempt_ended") return reason === "accepted" ? "taken over" : [reason, code].filter(Boolean).join(" ");
  return WORDS[event] ?? event.replace("change_", "").replaceAll("_", " ");
}

function inWords(entry) {
  const where = entry.channel ? `${spoken(entry.channel)}: ` : "";
  const until = entry.until ? [" until ", time(entry.until)] : [];
  const why = entry.explanation ?? (entry.reason && spoken(entry.reason));
  const words = make("span", {}, make("b", { textContent: where + label(entry) }), ...until);
  return make("li", {}, time(entry.at), words, make("span", { className: "quiet", textContent: why ?? "" }));
}

function text(x, y, words, name) {
  return draw("text", { x, y, class: name }, words);
}

/** In the largest unit that fits. */
function duration(ms) {
  const units = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "min"], [1000, "s"]];
  const [size, unit] = units.find(([least]) => ms >= least) ?? [1, "ms"];
  const count = ms / size;
  return `${count < 10 && unit !== "ms" ? count.toFixed(1).replace(".0", "") : Math.round(count)} ${unit}`;
}
