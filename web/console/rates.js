/** What went out and what failed, by minute and channel, as plots that follow the clock. */

import { draw, field, make, spoken, table } from "./elements.js";
import { ask, reason } from "./service.js";

const CHANNELS = ["in_app", "email", "sms", "push"];
const SPANS = { 15: "15 minutes", 60: "1 hour", 360: "6 hours", 1440: "24 hours" };
const REFRESH_MS = 10_000;
const MOST_POINTS = 60;
const [WIDTH, HEIGHT] = [720, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [44, 8, 10, 24];
const MINUTE_MS = 60_000;

export class RatesView {
  #span = make("select", { name: "minutes" });
  #plots = make("div", { className: "plots" });
  #totals = table("Totals", ["Channel", "Sent", "Failed tries", "Failed"]);
  #note = make("p", { className: "quiet", role: "status" });
  #timer = 0;
  #asked = 0;

  constructor() {
    for (const [minutes, words] of Object.entries(SPANS)) {
      this.#span.append(make("option", { value: minutes, textContent: words, selected: minutes === "60" }));
    }
    const heading = make("h1", { textContent: "Rates", tabIndex: -1 });
    const top = make("header", { className: "heading" }, heading, field("The last", this.#span));
    this.element = make("section", { className: "list" }, top, this.#note, this.#plots, this.#totals.element);
    this.#span.addEventListener("change", () => this.#refresh());
    this.#refresh();
  }

  show() {}

  stop() {
    this.#asked += 1;
    clearTimeout(this.#timer);
  }

  async #refresh() {
    this.stop();
    const number = this.#asked;
    try {
      const rates = await ask("GET", `console/rates/?minutes=${this.#span.value}`);
      if (number !== this.#asked) return;
      this.#present(rates);
      this.#note.textContent = "";
    } catch (error) {
      if (number !== this.#asked) return;
      this.#note.textContent = reason(error);
    }
    this.#timer = setTimeout(() => this.#refresh(), REFRESH_MS);
  }

  #present({ since, until, results }) {
    const axis = axisOf(Date.parse(since), Date.parse(until));
    this.#plots.replaceChildren(
      plot("Sent per minute", axis, series(results, axis, "sent")),
      plot("Failed tries per minute", axis, series(results, axis, "failed")),
    );
    const rows = CHANNELS.map((channel) => {
      const of = results.filter((rate) => rate.channel === channel);
      const [sent, failed] = ["sent", "failed"].map((what) => of.reduce((sum, rate) => sum + rate[what], 0));
      const share = sent + failed ? `${((100 * failed) / (sent + failed)).toFixed(1)} %` : "–";
      const cells = [sent, failed, share].map((value) => make("td", { textContent: value }));
      return make("tr", {}, make("th", { scope: "row", textContent: spoken(channel) }), ...cells);
    });
    this.#totals.body.replaceChildren(...rows);
  }
}

/** Where the minutes go: so many in each step that the steps can be told apart. */
function axisOf(since, until) {
  const minutes = Math.max(1, Math.ceil((until - since) / MINUTE_MS));
  const perStep = Math.ceil(minutes / MOST_POINTS);
  return { since, perStep, steps: Math.max(2, Math.ceil(minutes / perStep)) };
}

/** For each channel its mean per minute, step by step. */
function series(results, { since, perStep, steps }, what) {
  return CHANNELS.map((channel) => {
    const values = new Array(steps).fill(0);
    for (const rate of results) {
      const step = Math.floor((Date.parse(rate.at) - since) / MINUTE_MS / perStep);
      if (rate.channel === channel && step < steps) values[step] += rate[what] / perStep;
    }
    return { channel, values };
  });
}

function plot(title, axis, lines) {
  const highest = ceiling(Math.max(1, ...lines.flatMap(({ values }) => values)));
  const x = (step) => LEFT + (step * (WIDTH - LEFT - RIGHT)) / (axis.steps - 1);
  const y = (value) => TOP + (1 - value / highest) * (HEIGHT - TOP - BOTTOM);
  const canvas = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  const peaks = lines.map(({ channel, values }) => `${spoken(channel)} at most ${round(Math.max(...values))}`);
  canvas.append(draw("title", {}, `${title}: ${peaks.join(", ")}`));
  for (const share of [0, 0.5, 1]) {
    const height = y(share * highest);
    canvas.append(draw("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: height, y2: height }));
    canvas.append(draw("text", { class: "value", x: LEFT - 8, y: height + 4 }, round(share * highest)));
  }
  for (const share of [0, 0.5, 1]) {
    const step = Math.round(share * (axis.steps - 1));
    const words = new Date(axis.since + step * axis.perStep * MINUTE_MS).toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
    });
    canvas.append(draw("text", { class: `instant at-${share * 2}`, x: x(step), y: HEIGHT - 6 }, words));
  }
  for (const { channel, values } of lines.filter(({ values }) => values.some(Boolean))) {
    const points = values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    canvas.append(draw("polyline", { class: `line ${channel}`, points }));
  }
  const legend = make("ul", { className: "legend" }, ...lines.map(({ channel }) => legendOf(channel)));
  return make("figure", { className: "card" }, make("figcaption", {}, make("h2", { textContent: title }), legend), canvas);
}

function legendOf(channel) {
  const sample = draw("svg", { viewBox: "0 0 24 8", "aria-hidden": "true" });
  sample.append(draw("polyline", { class: `line ${channel}`, points: "0,4 24,4" }));
  return make("li", {}, sample, spoken(channel));
}

/** The next round number, so that the axis is easily read. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((factor) => factor * power).find((round) => round >= value);
}

function round(value) {
  return String(Math.round(value * 10) / 10);
}
