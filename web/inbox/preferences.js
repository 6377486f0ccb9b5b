/** What reaches the user by which channel, and when nobody shall disturb. A switch holds at once, or goes back. */

import { make } from "./dom.js";
import { fill, merged } from "./strings.js";

const SETTINGS = "notification-settings/";
const PROFILE = `${SETTINGS}profile/`;
const CHANNELS = ["in_app", "email", "sms", "push"];
const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const A_MONDAY = Date.UTC(2024, 0, 1);

const STRINGS = {
  whatReachesYou: "What reaches you",
  quietHours: "Quiet hours",
  quietHoursHint: "Email, SMS and push wait until these hours are over.",
  from: "{day}, from",
  until: "{day}, until",
  another: "{day}, other hours as well",
  timeZone: "Time zone",
  digest: "Gather what can wait",
  digests: { off: "No, one by one", hourly: "Hourly", daily: "Daily" },
  digestTime: "Once a day, at",
  weeklySummary: "On Mondays at nine, a summary of what I have not read",
  dailyLimit: "Messages in a day at most, but for what is urgent",
  save: "Save",
  saved: "Saved",
};

const CSS = `
.preferences { padding: 0.3rem 1.1rem 1.2rem; }
.preferences table { width: 100%; border-collapse: collapse; font-size: 0.92rem; }
.preferences caption, .preferences legend { padding: 0.8rem 0 0.4rem; font-weight: 600; text-align: start; }
.preferences th { font-weight: 400; text-align: start; padding: 0.3rem 0; }
.preferences thead th, .preferences td { text-align: center; font-size: 0.85rem; }
.preferences input[type="checkbox"] { width: 1.15rem; height: 1.15rem; accent-color: var(--_accent); }
.preferences form { display: grid; gap: 0.8rem; justify-items: start; }
.preferences fieldset, .preferences label { width: 100%; }
.preferences label { display: grid; gap: 0.2rem; font-size: 0.88rem; }
.preferences :is(input:not([type="checkbox"]), select) { padding: 0.3rem 0.6rem; border: 1px solid var(--_line); border-radius: 8px; background: none; }
.preferences .check { display: flex; gap: 0.5rem; align-items: center; }
.weekday { display: grid; grid-template-columns: 1fr auto auto; gap: 0.5rem; align-items: first baseline; padding: 0.15rem 0; font-size: 0.92rem; }
.span { display: flex; gap: 0.5rem; align-items: baseline; }
.span + .span { padding-top: 0.3rem; }
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);

export class Preferences {
  #service;
  #words;
  #dates;
  #say;
  #profile = {};

  /** `say(text, isError)` tells the reader how it went. */
  constructor({ service, words, dates, say }) {
    this.#service = service;
    this.#words = merged(words, STRINGS);
    this.#dates = dates;
    this.#say = say;
    this.element = make("div", { className: "preferences", part: "preferences" });
  }

  async load() {
    this.element.replaceChildren(make("p", { className: "quiet", textContent: this.#words.loading }));
    try {
      const asked = [`${SETTINGS}?effective=true`, PROFILE].map((path) => this.#service.ask("GET", path));
      const [settings, profile] = await Promise.all(asked);
      this.#profile = profile;
      this.element.replaceChildren(this.#table(settings.results), this.#hours());
    } catch (error) {
      const retry = make("button", { type: "button", className: "button", textContent: this.#words.retry });
      retry.addEventListener("click", () => this.load());
      this.element.replaceChildren(make("p", { textContent: `${this.#words.loadFailed} ${error.message}` }), retry);
    }
  }

  #table(settings) {
    const { channels, whatReachesYou } = this.#words;
    const head = CHANNELS.map((channel) => make("th", { scope: "col", textContent: channels[channel] }));
    const rows = settings.map((setting) => {
      const name = this.#words.types[setting.notification_type] ?? setting.notification_type_display;
      const cells = CHANNELS.map((channel) => make("td", {}, this.#switch(setting, channel, name)));
      return make("tr", {}, make("th", { scope: "row", textContent: name }), ...cells);
    });
    const caption = make("caption", { textContent: whatReachesYou });
    const heads = make("thead", {}, make("tr", {}, make("td"), ...head));
    return make("table", {}, caption, heads, make("tbody", {}, ...rows));
  }

  #switch(setting, channel, name) {
    const flag = `${channel}_enabled`;
    const { reasons, channels } = this.#words;
    const reason = setting.reasons[channel];
    const ariaLabel = `${name}: ${channels[channel]}`;
    const input = make("input", { type: "checkbox", checked: setting[flag], ariaLabel });
    if (!setting[flag]) input.title = reasons[reason] ?? reason?.replaceAll("_", " ") ?? "";
    input.addEventListener("change", async () => {
      const wanted = input.checked;
      const change = { notification_type: setting.notification_type, [flag]: wanted };
      try {
        const [answer] = await this.#service.ask("POST", `${SETTINGS}bulk_update/`, { preferences: [change] });
        input.checked = answer[flag];
      } catch (error) {
        input.checked = !wanted;
        this.#failed(error);
      }
    });
    return input;
  }

  #hours() {
    const { quietHours, quietHoursHint, timeZone, digest, digests, digestTime, dailyLimit, save } = this.#words;
    const zone = make("input", { name: "time_zone", value: this.#profile.time_zone, autocomplete: "off" });
    const gathered = make("select", { name: "digest" });
    for (const [value, textContent] of Object.entries(digests)) gathered.append(make("option", { value, textContent }));
    gathered.value = this.#profile.digest;
    const at = make("input", { name: "digest_time", type: "time", required: true, value: this.#profile.digest_time });
    const most = make("input", { name: "daily_limit", type: "number", min: 1, value: this.#profile.daily_limit ?? "" });
    const days = make("fieldset", {}, make("legend", { textContent: quietHours }));
    const hint = make("p", { className: "quiet", textContent: quietHoursHint });
    days.append(hint, ...DAYS.map((day, at) => this.#day(day, at)));
    const button = make("button", { className: "button", textContent: save });
    const fields = [
      [timeZone, zone],
      [digest, gathered],
      [digestTime, at],
      [dailyLimit, most],
    ];
    const labelled = fields.map(([text, field]) => make("label", {}, text, field));
    const summary = make("input", { name: "weekly_summary", type: "checkbox", checked: this.#profile.weekly_summary });
    const check = make("label", { className: "check" }, summary, this.#words.weeklySummary);
    const form = make("form", {}, days, ...labelled, check, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(form);
    });
    return form;
  }

  #day(day, at) {
    const name = new Intl.DateTimeFormat(this.#dates.language, { weekday: "long", timeZone: "UTC" }).format(
      A_MONDAY + at * 86_400_000,
    );
    const spans = make("div", {}, ...(this.#profile.quiet_hours[day] ?? [{}]).map((span) => this.#span(span, name)));
    const ariaLabel = fill(this.#words.another, { day: name });
    const more = make("button", { type: "button", className: "action", ariaLabel, textContent: "+" });
    more.addEventListener("click", () => {
      spans.append(this.#span({}, name));
      spans.lastChild.querySelector("input").focus();
    });
    return make("div", { className: "weekday", "data-day": day }, make("span", { textContent: name }), spans, more);
  }

  /** One whose times are both empty is none. */
  #span({ start = "", end = "" }, day) {
    const clock = (name, value, label) =>
      make("input", { type: "time", name, value, ariaLabel: fill(label, { day }) });
    const times = [clock("start", start, this.#words.from), clock("end", end, this.#words.until)];
    const span = make("div", { className: "span" }, times[0], "–", times[1]);
    span.addEventListener("input", () => {
      for (const time of times) time.required = times.some(({ value }) => value);
    });
    return span;
  }

  async #save(form) {
    const given = Object.fromEntries(new FormData(form));
    try {
      this.#profile = await this.#service.ask("PATCH", PROFILE, {
        time_zone: given.time_zone,
        digest: given.digest,
        digest_time: given.digest_time,
        daily_limit: given.daily_limit ? Number(given.daily_limit) : null,
        weekly_summary: "weekly_summary" in given,
        quiet_hours: quietHours(form),
      });
      this.#say(this.#words.saved, false);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    this.#say(`${this.#words.saveFailed} ${error.message}`, true);
  }
}

function quietHours(form) {
  const hours = {};
  for (const row of form.querySelectorAll("[data-day]")) {
    const values = [...row.querySelectorAll(".span")].map((span) =>
      Object.fromEntries([...span.querySelectorAll("input")].map(({ name, value }) => [name, value])),
    );
    const spans = values.filter(({ start }) => start);
    if (spans.length) hours[row.dataset.day] = spans;
  }
  return hours;
}
