/** Days and distances in time, in the reader's language and time zone. */

const isoDay = (date) => date.toLocaleDateString("sv"); // Swedish dates are ISO dates

export function dayOf(item) {
  return isoDay(new Date(item.created_at));
}

export class Dates {
  #words;

  constructor(language, words) {
    this.#words = words;
    this.language = language;
    this.relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
    this.day = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long" });
    this.absolute = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" });
  }

  nameOfDay(day) {
    const now = new Date();
    if (day === isoDay(now)) return this.#words.today;
    if (day === isoDay(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1))) return this.#words.yesterday;
    return this.day.format(new Date(`${day}T12:00`));
  }

  since(instant) {
    const seconds = (Date.now() - new Date(instant)) / 1000;
    if (seconds < 45) return this.#words.justNow;
    if (seconds < 2700) return this.relative.format(-Math.round(seconds / 60), "minute");
    if (seconds < 79_200) return this.relative.format(-Math.round(seconds / 3600), "hour");
    return this.relative.format(-Math.round(seconds / 86_400), "day");
  }
}

/** Until when something sleeps that is put off by one of the words of `snoozeFor`. */
export function wakingTime(choice, now = new Date()) {
  const at = (days, hour) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
  if (choice === "tomorrow") return at(1, 9);
  if (choice === "week") return at(7, 9);
  if (choice === "evening" && now.getHours() < 18) return at(0, 18);
  return new Date(now.getTime() + 3_600_000);
}
