/**
 * What the list holds: read from the service and moved by its events. What its owner changes lies over that until
 * the service has told of it, or refused it. The `place` of each is "inbox", "archive" or "asleep".
 */

import { Changes } from "./changes.js";
import { wakingTime } from "./dates.js";

export class Inbox {
  #client;
  #list;
  #view;
  #words;
  #toast;
  #signal;
  #filters = {};
  #place = "inbox";
  #next = null;
  #loads = 0;
  #isAwake = false;
  #isStale = false;
  #readings = 0;
  #held = [];
  /** The last event that is sure to be in what was read. */
  #readAt;
  #changes = new Changes();
  /** One change after the other; a filter chosen right after one must already see what it did. */
  #saving = Promise.resolve();
  #editing = Promise.resolve();
  #onScreen = new Set();
  #isFetching = false;

  /** `view` is told of `busy(isBusy)`, `failed(error)`, `changed()` and `arrived(notification)`. */
  constructor({ client, list, toast, words, view, signal }) {
    this.#signal = signal;
    this.#client = client;
    this.#list = list;
    this.#toast = toast;
    this.#words = words;
    this.#view = view;
    for (const type of ["new_notification", "notification_update"]) {
      client.addEventListener(type, ({ detail }) => this.#apply(detail), { signal });
    }
    client.addEventListener("reload", () => this.load(), { signal });
  }

  get isFiltered() {
    return Object.keys(this.#filters).length > 0;
  }

  /** As its owner is to see it; null where this view has none. */
  shown(item) {
    const shown = this.#changes.over(item);
    return shown.place === this.#place && !shown.isDeleted ? shown : null;
  }

  show(filters) {
    this.#filters = filters;
    return this.load();
  }

  /** Until somebody looks, nothing but the count is asked for. */
  wake() {
    if (this.#isAwake) return;
    this.#isAwake = true;
    if (this.#isStale) this.load();
  }

  async load() {
    this.#isStale = !this.#isAwake;
    if (this.#isStale) return;
    this.#loads += 1;
    this.#view.busy(true);
    const { seq, service } = this.#client;
    const ask = async () => {
      await this.#saving;
      return service.list({ page_size: 50, ...this.#filters });
    };
    await this.#read(ask, () => {
      this.#readAt = seq;
      this.#place = this.#filters.archived ? "archive" : "inbox";
      this.#list.clear();
    });
  }

  async more() {
    if (this.#next && !this.#readings) await this.#read(() => this.#client.service.more(this.#next));
  }

  /** Puts one on top; without a `seq` it is one that the page has heard of by itself. */
  add(notification, seq) {
    const known = this.#list.get(notification.id);
    if (known && !seq) return;
    const item = { ...notification, seq, place: "inbox" };
    if (known?.place === "inbox") this.#told(item.id, item);
    else {
      const { archived, is_read: isRead, notification_type: type = item.notification_type } = this.#filters;
      this.#list.remove(item.id);
      if (archived || (isRead && item.is_read) || type !== item.notification_type) return;
      this.#list.prepend({ ...item, isDetailed: false });
    }
    this.#view.changed();
  }

  /** List items lack their deliveries: those of the rows on screen are read, one after the other. */
  async seen(id, isSeen) {
    this.#onScreen[isSeen ? "add" : "delete"](id);
    if (this.#isFetching) return;
    this.#isFetching = true;
    const unknown = () => [...this.#onScreen].find((each) => this.#list.get(each)?.isDetailed === false);
    for (let next = unknown(); next && !this.#signal.aborted; next = unknown()) {
      const { deliveries } = await this.#client.service.detail(next).catch(() => ({ deliveries: [] }));
      // What an event has said meanwhile is newer than the detail.
      const heard = this.#list.get(next)?.deliveries ?? [];
      this.#list.update(next, { isDetailed: true, deliveries: merged(deliveries, heard) });
    }
    this.#isFetching = false;
  }

  select(id) {
    if (!this.#over(id).is_read) this.mark(id, true);
  }

  mark(id, isRead = !this.#over(id).is_read) {
    this.#save(this.#change([id], { is_read: isRead }), () => this.#client.service.mark(id, isRead));
  }

  /** What is still on its way here stays unread. */
  markAll() {
    const { seq, state, service } = this.#client;
    const ids = [...this.#list].filter(({ place }) => place === "inbox").map(({ id }) => id);
    const upTo = state === "polling" ? undefined : seq;
    this.#save(this.#change(ids, { is_read: true }), () => service.markAllRead(upTo));
  }

  archive(id) {
    const isBack = this.#place === "archive";
    const call = (isLeaving) => this.#client.service.archive(id, isLeaving !== isBack);
    this.#leave(id, isBack ? "inbox" : "archive", !isBack && this.#words.wasArchived, call);
  }

  snooze(id, choice) {
    const until = wakingTime(choice);
    const call = (isLeaving) => this.#client.service.snooze(id, isLeaving ? until : null);
    this.#leave(id, "asleep", this.#words.wasSnoozed, call);
  }

  /** Done when there is no way back any more: until then nothing has happened. */
  delete(id) {
    const change = this.#change([id], { isDeleted: true });
    this.#toast.say(this.#words.wasDeleted, {
      undo: () => this.#end(change),
      // Not after the others: the page may be about to go.
      settle: () => this.#settle(change, this.#client.service.delete(id)),
    });
  }

  #over(id) {
    return this.#changes.over(this.#list.get(id));
  }

  #leave(id, place, word, call) {
    const back = { place: this.#place };
    const undo = () => this.#save(this.#change([id], back), () => call(false));
    if (word) this.#toast.say(word, { undo });
    this.#save(this.#change([id], { place }), () => call(true));
  }

  #change(ids, values) {
    const change = this.#changes.begin(ids, values);
    this.#redraw(change.ids);
    return change;
  }

  #save(change, call) {
    this.#settle(change, this.#saving.then(call));
  }

  async #settle(change, saving) {
    this.#saving = Promise.allSettled([this.#saving, saving]);
    try {
      await saving;
      this.#end(change, change.values);
      if (this.#client.state !== "live") this.#view.recount();
    } catch (error) {
      this.#end(change);
      this.#toast.say(`${this.#words.saveFailed} ${error.message}`, null, true);
    }
  }

  /** Where the service has spoken since, its word is newer than the answer. */
  #end(change, values) {
    this.#changes.end(change);
    this.#redraw(change.ids, values);
  }

  #redraw(ids, values) {
    for (const id of ids) this.#list.update(id, values);
    this.#view.changed();
  }

  /** Whatever arrives meanwhile is held back; when another filter is chosen meanwhile, its answer decides. */
  async #read(ask, prepare) {
    const load = this.#loads;
    this.#readings += 1;
    const [{ value: page, reason }] = await Promise.allSettled([ask()]);
    this.#readings -= 1;
    if (load === this.#loads) {
      if (page) {
        prepare?.();
        this.#list.append(page.results.map((item) => ({ ...item, place: this.#place, isDetailed: false })));
        this.#next = page.next;
      }
      this.#view.failed(reason);
      this.#view.busy(false);
    }
    if (!this.#readings) this.#held.splice(0).forEach((frame) => this.#apply(frame));
    this.#view.changed();
  }

  #apply(frame) {
    if (this.#isAwake && this.#readings) this.#held.push(frame);
    else {
      if (this.#isAwake) this.#hear(frame);
      if (frame.notification) this.#view.arrived(frame.notification);
    }
  }

  #hear({ seq, notification, update_type: update, data }) {
    const id = data?.notification_id;
    if (notification) this.add(notification, seq);
    else if (update === "all_read" || update === "all_unread") this.#markEvery(update === "all_read", data, seq);
    else if (update === "read") this.#told(id, { is_read: true });
    else if (update === "unread") this.#told(id, { is_read: false }, this.#filters.is_read);
    else if (update === "delivery") this.#deliver(id, data);
    else if (update === "edited") this.#edit(id);
    else if (update === "deleted") this.#told(id, { isDeleted: true });
    else if (update === "archived" || update === "snoozed") {
      const place = data.archived_at ? "archive" : data.snoozed_until ? "asleep" : "inbox";
      this.#told(id, { ...data.notification, place }, place === this.#place);
    }
    this.#view.changed();
  }

  /** Where one belongs that enters this view, the service knows, and the list if it was read with it. */
  #told(id, values, mayEnter) {
    for (const name in values) this.#changes.heard(id, name);
    const known = this.#list.get(id);
    if (mayEnter && (!known || (known.seq && known.place !== this.#place))) this.load();
    else this.#list.update(id, values);
  }

  /** Which of those that were read had come by then, the service knows. */
  #markEvery(isRead, { up_to_seq: upTo }, seq) {
    const reached = upTo ?? seq;
    if (!(reached >= this.#readAt) || (!isRead && this.#filters.is_read)) this.load();
    else
      for (const { id, place, seq: came } of this.#list)
        if (place === "inbox" && !(came > reached)) this.#told(id, { is_read: isRead });
  }

  #deliver(id, { channel, status, reason }) {
    const known = this.#list.get(id)?.deliveries ?? [];
    this.#list.update(id, { deliveries: merged(known, [{ channel, status, reason }]) });
  }

  /** One after the other, so that the newest words are the last; of marks, the events know more. */
  #edit(id) {
    if (!this.#list.get(id)) return;
    const load = this.#loads;
    const edit = async () => {
      const { is_read, deliveries, ...words } = await this.#client.service.detail(id);
      if (load === this.#loads) this.#list.update(id, words);
    };
    this.#editing = this.#editing.then(edit).catch(() => {});
  }
}

/** The deliveries of a notification by channel; the newer word holds. */
function merged(older, newer) {
  return [...new Map([...older, ...newer].map((delivery) => [delivery.channel, delivery])).values()];
}
