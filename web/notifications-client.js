/** What notifications-client.d.ts describes: one socket for all tabs, resumed where it was left, and REST beside it. */

import { Connection } from "./client/connection.js";
import { RequestFailed, Service } from "./client/service.js";
import { Sharing, nameOf } from "./client/sharing.js";

export { RequestFailed };

const POLL_EVERY_MS = 15_000;
const SHARED_FRAMES = ["connection_established", "new_notification", "notification_update", "unread_count", "polled"];

export class NotificationsClient extends EventTarget {
  #origin;
  #user;
  #isShared;
  #sharing = null;
  #connection;
  #position = null;
  #isCatchingUp = false;
  #pollTimer = 0;
  #polled = "";
  #listeners = null;

  constructor({ origin = "", token = null, user = null, shared = true } = {}) {
    super();
    this.#origin = origin && new URL(origin, location.href).origin;
    this.#user = user;
    this.#isShared = shared;
    this.state = "connecting";
    this.unreadCount = 0;
    this.service = new Service({ origin: this.#origin, token, onUnauthenticated: () => this.#signOut() });
    this.#connection = new Connection({
      origin: this.#origin,
      service: this.service,
      position: () => this.#position,
      tell: (what, value) => this.#heard(what, value),
    });
  }

  get isLeader() {
    return Boolean(this.#sharing?.isLeader);
  }

  get seq() {
    return this.#position?.seq;
  }

  get token() {
    return this.service.token;
  }

  set token(token) {
    this.#sharing?.post({ token });
    this.#renew(token);
  }

  connect() {
    if (this.#sharing) return this.#open();
    const name = this.#isShared && nameOf(this.#origin || location.origin, this.#user, this.token);
    this.#sharing = new Sharing({
      name,
      onLead: () => this.#open(),
      onMessage: (message) => this.#told(message),
    });
    this.#sharing.post({ hello: true });
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const wake = () => document.hidden || this.state === "signed-out" || this.#open();
    addEventListener("online", wake, { signal });
    document.addEventListener("visibilitychange", wake, { signal });
  }

  recount() {
    return this.#ask();
  }

  close() {
    this.#listeners?.abort();
    this.#connection.close();
    this.#poll(false);
    this.#sharing?.leave();
    this.#sharing = null;
  }

  #open() {
    if (this.isLeader) this.#connection.open();
  }

  #renew(token) {
    this.service.token = token;
    if (!token) return;
    if (this.state === "signed-out") this.#setState("connecting");
    if (!this.isLeader || this.#connection.send({ type: "refresh_token", token })) return;
    this.#connection.open();
  }

  /** What this tab's own connection says; it holds for every tab. */
  #heard(what, value) {
    if (what === "misplaced") this.#position = null;
    else if (what === "state") this.#connectionIs(value);
    else {
      if (SHARED_FRAMES.includes(value.type)) this.#sharing?.post({ frame: value });
      this.#receive(value);
    }
  }

  #connectionIs(state) {
    if (state === "signed-out") return this.#signOut();
    this.#poll(state === "unreachable");
    if (state !== "unreachable") this.#share(state);
    else if (!navigator.onLine) this.#share("offline");
    // Somebody who has seen nothing yet does not wait for a socket that may never be had.
    if (state !== "live" && !this.#position && !this.#polled) this.#ask();
  }

  #told({ hello, welcome, frame, state, token }) {
    if (hello && this.isLeader) {
      this.#sharing.post({ welcome: { position: this.#position, count: this.unreadCount, state: this.state } });
    }
    if (welcome && !this.#position && !this.isLeader) {
      this.#setState(welcome.state);
      if (welcome.position) this.#begin(welcome.position, welcome.count);
    }
    if (frame) this.#receive(frame);
    if (state) this.#setState(state);
    if (token) this.#renew(token);
  }

  #receive(frame) {
    if (frame.type === "connection_established") this.#establish(frame);
    else if (frame.type === "polled") this.#compare(frame);
    else if (frame.type === "unread_count") this.#count(frame.count, frame);
    else if (frame.type === "new_notification" || frame.type === "notification_update") this.#follow(frame);
    else this.#emit(frame.type, frame);
  }

  #establish({ epoch, seq, resumed, unread_count: count }) {
    this.#isCatchingUp = false;
    if (!resumed || !this.#position) this.#begin({ epoch, seq }, count);
    else this.#count(count); // the replay follows, and moves the position itself
  }

  #begin(position, count) {
    this.#position = { ...position };
    this.#count(count);
    this.#emit("reload");
  }

  /** Events alone move the position: a count is also an answer, and may run ahead of events still on their way. */
  #follow(frame) {
    const steps = this.#position ? frame.seq - this.#position.seq : 0;
    if (steps <= 0) return;
    if (steps > 1 && this.isLeader) return this.#catchUp();
    this.#position.seq = frame.seq;
    if (steps > 1) this.#emit("reload");
    else this.#emit(frame.type, frame);
  }

  #catchUp() {
    if (!this.#isCatchingUp) this.#isCatchingUp = this.#connection.send({ type: "resume", ...this.#position });
  }

  #poll(isWanted) {
    if (isWanted && this.#pollTimer) return;
    clearInterval(this.#pollTimer);
    this.#pollTimer = isWanted ? setInterval(() => this.#ask(), POLL_EVERY_MS) : 0;
    if (isWanted) this.#ask();
  }

  async #ask() {
    try {
      const stats = await this.service.stats();
      if (this.#pollTimer) this.#share("polling");
      this.#heard("frame", { type: "polled", stats });
    } catch {
      if (this.#pollTimer && this.state !== "signed-out") this.#share("offline");
    }
  }

  #compare({ stats }) {
    if (this.state === "live") return; // the answer is older than what the socket has said
    const recent = stats.recent_notifications.map(({ id, is_read: isRead }) => [id, isRead]);
    const polled = JSON.stringify([stats.unread_count, stats.total_count, recent]);
    this.#count(stats.unread_count);
    if (polled !== this.#polled) this.#emit("reload");
    this.#polled = polled;
  }

  #count(count, frame = { type: "unread_count", count }) {
    this.unreadCount = count;
    this.#emit("unread_count", frame);
  }

  #signOut() {
    this.#connection.close();
    this.#poll(false);
    if (this.isLeader) this.#share("signed-out");
    else this.#setState("signed-out");
  }

  #share(state) {
    if (state !== this.state) this.#sharing?.post({ state });
    this.#setState(state);
  }

  #setState(state) {
    if (state === this.state) return;
    this.state = state;
    this.#emit("state", state);
  }

  #emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
