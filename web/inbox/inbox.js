/**
 * What the list holds: read from the service, moved by its events, changed at once by its owner, and changed back
 * when the service refuses.
 */

import { wakingTime } from "./dates.js";

export class Inbox {
  #client;
  #list;
  #view;
  #words;
  #toast;
  #signal;
  #filters = {};
  #next = null;
  #loads = 0;
  #isAwake = false;
  #isStale = false;
  #isReading = false;
  /** Events that arrived while the list was being read, and may be newer than what was read. */
  #held = null;
  /** The changes under way: a filter chosen right after one must already see what it did. */
  #saving = Promise.resolve();
  /** Deleted here, while there is still a way back. */
  #leaving = new Set();
  #onScreen = new Set();
  #isFetching = false;

  /** `view` is told of `busy(isBusy)`, `failed(error, isFirst)`, `changed()` and `arrived(notification)`. */
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

  get filters() {
    return this.#filters;
  }

  get isFiltered() {
    return Object.keys(this.#filters).length > 0;
  }

  get hasMore() {
    return this.#next !== null;
  }

  show(filters) {
    this.#filters = filters;
    return this.load();
  }

  /** Begins to read: until somebody looks, nothing but the count is asked for. */
  wake() {
    if (this.#isAwake) return;
    this.#isAwake = true;
    if (this.#isStale) this.load();
  }

  async load() {
    this.#isStale = !this.#isAwake;
    if (this.#isStale) return;
    const load = ++this.#loads;
    this.#held ??= [];
    this.#view.busy(true);
    try {
      await this.#saving;
      const page = await this.#client.service.list({ page_size: 50, ...this.#filters });
      if (load !== this.#loads) return; // another filter was chosen meanwhile, and its answer decides
      this.#list.clear();
      this.#append(page);
      this.#view.failed(null);
    } catch (error) {
      if (load !== this.#loads) return;
      this.#view.failed(error);
    }
    const events = this.#held;
    this.#held = null;
    events.forEach((frame) => this.#apply(frame));
    this.#view.busy(false);
    this.#view.changed();
  }

  async more() {
    if (!this.hasMore || this.#isReading || this.#held) return;
    this.#isReading = true;
    const load = this.#loads;
    try {
      const page = await this.#client.service.more(this.#next);
      if (load === this.#loads) this.#append(page);
      this.#view.failed(null);
    } catch (error) {
      this.#view.failed(error);
    } finally {
      this.#isReading = false;
    }
    this.#view.changed();
  }

  /** Puts a notification on top that was heard of in another way than by the client. */
  add(notification) {
    const { notification_type: type, is_read: isRead } = this.#filters;
    if (this.#filters.archived || (isRead && notification.is_read)) return;
    if (type && type !== notification.notification_type) return;
    this.#list.prepend({ ...notification, isDetailed: false });
    this.#view.changed();
  }

  /** List items do not carry their deliveries: those of the rows on screen are read, one after the other. */
  async seen(id, isSeen) {
    if (isSeen) this.#onScreen.add(id);
    else this.#onScreen.delete(id);
    if (this.#isFetching) return;
    this.#isFetching = true;
    const unknown = () => [...this.#onScreen].find((each) => this.#list.get(each)?.isDetailed === false);
    for (let next = unknown(); next && !this.#signal.aborted; next = unknown()) {
      const { deliveries } = await this.#client.service.detail(next).catch(() => ({ deliveries: [] }));
      // What a live event said while the detail was under way is newer than the detail.
      const heard = this.#list.get(next)?.deliveries ?? [];
      this.#list.update(next, { isDetailed: true, deliveries: merged(deliveries, heard) });
    }
    this.#isFetching = false;
  }

  select(id) {
    if (!this.#list.get(id).is_read) this.mark(id, true);
  }

  mark(id, isRead = !this.#list.get(id).is_read) {
    this.#list.update(id, { is_read: isRead });
    return this.#save(
      () => this.#client.service.mark(id, isRead),
      () => this.#list.update(id, { is_read: !isRead }),
    );
  }

  markAll() {
    const unread = [...this.#list].filter((item) => !item.is_read);
    const mark = (isRead) => unread.forEach(({ id }) => this.#list.update(id, { is_read: isRead }));
    mark(true);
    return this.#save(() => this.#client.service.markAllRead(), () => mark(false));
  }

  archive(id) {
    const isArchived = !this.#list.get(id).archived_at;
    const { service } = this.#client;
    this.#leave(id, isArchived && this.#words.wasArchived, {
      do: () => service.archive(id, isArchived),
      undo: () => service.archive(id, !isArchived),
    });
  }

  snooze(id, choice) {
    const { service } = this.#client;
    const until = wakingTime(choice);
    this.#leave(id, this.#words.wasSnoozed, {
      do: () => service.snooze(id, until),
      undo: () => service.snooze(id, null),
    });
  }

  /** Done when there is no way back any more: until then nothing has happened. */
  delete(id) {
    const restore = this.#remove(id);
    const putBack = () => {
      this.#leaving.delete(id);
      restore();
    };
    const settle = () => this.#save(() => this.#client.service.delete(id), putBack);
    this.#leaving.add(id);
    this.#toast.say(this.#words.wasDeleted, { undo: putBack, settle });
  }

  #leave(id, word, call) {
    const putBack = this.#remove(id);
    const undo = () => {
      putBack();
      this.#save(call.undo, () => this.#remove(id));
    };
    if (word) this.#toast.say(word, { undo });
    this.#save(call.do, putBack);
  }

  #remove(id) {
    const restore = this.#list.remove(id);
    this.#view.changed();
    return () => {
      restore();
      this.#view.changed();
    };
  }

  async #save(change, undo) {
    const saving = change();
    this.#saving = Promise.allSettled([this.#saving, saving]);
    try {
      await saving;
      if (this.#client.state !== "live") this.#view.recount();
    } catch (error) {
      undo();
      this.#toast.say(`${this.#words.saveFailed} ${error.message}`, null, true);
    }
  }

  #append({ results, next }) {
    const known = { isDetailed: false, archived_at: this.#filters.archived };
    this.#list.append(results.filter(({ id }) => !this.#leaving.has(id)).map((item) => ({ ...item, ...known })));
    this.#next = next;
  }

  #apply(frame) {
    if (!this.#isAwake) {
      if (frame.type === "new_notification") this.#view.arrived(frame.notification);
    } else if (this.#held) this.#held.push(frame);
    else if (frame.type === "notification_update") this.#change(frame.update_type, frame.data);
    else {
      this.add(frame.notification);
      this.#view.arrived(frame.notification);
    }
  }

  #change(update, data) {
    const id = data.notification_id;
    if (update === "all_read" || update === "all_unread") this.#markEvery(update === "all_read", data);
    else if (update === "unread" && !this.#list.get(id) && this.#filters.is_read) this.load();
    else if (update === "read" || update === "unread") this.#list.update(id, { is_read: update === "read" });
    else if (update === "delivery") this.#deliver(id, data);
    else if (update === "edited") this.#edit(id);
    else if (update === "deleted") this.#list.remove(id);
    else if (update === "archived" || update === "snoozed") this.#move(id, data);
    this.#view.changed();
  }

  /** It has left the inbox, or come back to it; the list may be that of the inbox or of the archive. */
  #move(id, { archived_at: archivedAt, snoozed_until: snoozedUntil }) {
    const place = archivedAt ? "archive" : snoozedUntil ? "asleep" : "inbox";
    if (place !== (this.#filters.archived ? "archive" : "inbox")) this.#list.remove(id);
    else if (!this.#list.get(id)) this.load(); // where in the list it belongs, the service knows
  }

  #markEvery(isRead, { up_to_seq: upTo }) {
    if (upTo !== undefined) this.load(); // which rows those are, the service knows
    else for (const { id } of this.#list) this.#list.update(id, { is_read: isRead });
  }

  #deliver(id, { channel, status, reason }) {
    const known = this.#list.get(id)?.deliveries ?? [];
    this.#list.update(id, { deliveries: merged(known, [{ channel, status, reason }]) });
  }

  async #edit(id) {
    if (this.#list.get(id)) this.#list.update(id, await this.#client.service.detail(id).catch(() => ({})));
  }
}

/** The deliveries of a notification by channel; the newer word holds. */
function merged(older, newer) {
  const word = (channel) => newer.find((delivery) => delivery.channel === channel);
  const added = newer.filter(({ channel }) => !older.some((delivery) => delivery.channel === channel));
  return [...older.map((delivery) => word(delivery.channel) ?? delivery), ...added];
}
