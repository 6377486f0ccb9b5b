/**
 * The notifications service as a page sees it: one live socket that heals itself, and the REST calls beside it.
 *
 * There is no DOM in here. What the service says arrives as events named after the frames of the wire contract
 * (`new_notification`, `notification_update`, `unread_count`; `detail` is the frame), and two of its own:
 *
 * - `state`: `"live"`, `"reconnecting"`, `"offline"` or `"signed-out"`; after the last one nothing is tried again;
 * - `reload`: events were missed for good, or this is the first connection: read everything again over REST.
 */

const REST = "/api/v1/drf/notifications/notifications/";
const SOCKET = "/ws/notifications/";

const SIGNED_OUT_CODES = [4001, 4003];
const TOO_MANY_CODE = 4029;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
const TOO_MANY_WAIT_MS = 10_000;
/** How many failures in a row before "reconnecting" would be a lie. */
const PATIENCE = 4;
/** Proxies drop idle connections after a minute or so, and a laptop that slept never hears of it. */
const PING_EVERY_MS = 25_000;

export class RequestFailed extends Error {
  constructor(status, body) {
    super(body?.detail ?? Object.values(body ?? {}).flat().join(" ") ?? "");
    this.status = status;
  }
}

/** JSON in, JSON out, with the session's cookie; anything but a 2xx is a `RequestFailed`. */
export async function request(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok) throw new RequestFailed(response.status, answer);
  return answer;
}

export class NotificationsClient extends EventTarget {
  #socket = null;
  #epoch = null;
  #seq = 0;
  #failures = 0;
  #stopped = false;
  #retryTimer = 0;
  #pingTimer = 0;
  #silent = false;

  /** Also cuts a wait short: call it when the network is back, or when somebody looks at the page again. */
  connect() {
    if (this.#socket || this.#stopped) return;
    clearTimeout(this.#retryTimer);
    const address = new URL(SOCKET, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    if (this.#epoch !== null) address.search = new URLSearchParams({ epoch: this.#epoch, seq: this.#seq });

    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    // A socket that was given up reports its close late; by then another one may be in its place.
    socket.addEventListener("close", (event) => socket === this.#socket && this.#drop(event.code));
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    this.#socket?.close();
  }

  /** The first page of the inbox: `{results, next}`; `next` goes to `more`. */
  list(filters) {
    return this.#rest("GET", `?${new URLSearchParams({ cursor: "", page_size: 20, ...filters })}`);
  }

  /** The page behind a `next` link, of which only the query is used: behind a proxy its host may be anyone's. */
  more(next) {
    return this.#rest("GET", new URL(next, location.href).search);
  }

  detail(id) {
    return this.#rest("GET", `${encodeURIComponent(id)}/`);
  }

  async unreadCount() {
    return (await this.#rest("GET", "unread_count/")).unread_count;
  }

  mark(id, isRead) {
    return this.#rest("POST", `${encodeURIComponent(id)}/${isRead ? "mark_as_read" : "mark_as_unread"}/`);
  }

  markAllRead() {
    return this.#rest("POST", "mark_all_read/");
  }

  async #rest(method, path, body) {
    try {
      return await request(method, REST + path, body);
    } catch (error) {
      if (error.status === 401) this.#signOut();
      throw error;
    }
  }

  #receive(frame) {
    this.#silent = false;
    if (frame.type === "connection_established") return this.#establish(frame);
    if (frame.type === "new_notification" || frame.type === "notification_update") {
      // Only events move the mark: a count is also an answer, and may run ahead of events still on their way.
      if (frame.seq <= this.#seq) return;
      this.#seq = frame.seq;
    }
    this.#tell(frame.type, frame);
  }

  #establish({ epoch, seq, resumed, unread_count: count }) {
    this.#failures = 0;
    clearInterval(this.#pingTimer);
    this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MS);
    this.#tell("state", "live");
    this.#tell("unread_count", { type: "unread_count", count });
    if (resumed) return; // the replay follows, and moves the mark itself
    this.#epoch = epoch;
    this.#seq = seq;
    this.#tell("reload");
  }

  #ping() {
    if (this.#silent) {
      this.#socket.close();
      this.#drop();
    } else {
      this.#silent = true; // until anything at all is heard
      this.#socket.send(JSON.stringify({ type: "ping" }));
    }
  }

  #drop(code) {
    this.#socket = null;
    clearInterval(this.#pingTimer);
    if (this.#stopped) return;
    if (SIGNED_OUT_CODES.includes(code)) {
      this.#signOut();
      return;
    }
    this.#failures += 1;
    this.#tell("state", this.#failures < PATIENCE && navigator.onLine ? "reconnecting" : "offline");
    this.#retryTimer = setTimeout(() => this.connect(), this.#wait(code));
    // A browser hides why a handshake was refused; REST says whether it was the token.
    if (this.#failures === 2) this.unreadCount().catch(() => {});
  }

  /** Exponential and jittered, so that a restarted gateway is not met by every page in the same instant. */
  #wait(code) {
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1));
    const wait = ceiling * (0.5 + Math.random() / 2);
    return code === TOO_MANY_CODE ? Math.max(wait, TOO_MANY_WAIT_MS * (1 + Math.random())) : wait;
  }

  #signOut() {
    if (this.#stopped) return;
    this.stop();
    this.#tell("state", "signed-out");
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
