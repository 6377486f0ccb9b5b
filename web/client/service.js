/** The service's REST calls, as the user whose token this is, or whose cookie the browser holds. */

const ROOT = "/api/v1/drf/notifications/";

export class RequestFailed extends Error {
  constructor(status, body) {
    super(body?.detail ?? Object.values(body ?? {}).flat().join(" "));
    this.name = "RequestFailed";
    this.status = status;
  }
}

export class Service {
  #origin;

  /** `onUnauthenticated()` is called whenever the service does not know the caller. */
  constructor({ origin, token, onUnauthenticated }) {
    this.#origin = origin;
    this.token = token;
    this.onUnauthenticated = onUnauthenticated;
  }

  list(filters = {}) {
    return this.ask("GET", `notifications/?${new URLSearchParams({ cursor: "", page_size: 20, ...filters })}`);
  }

  /** The page behind a `next` link, of which only the query is used: behind a proxy its host may be anyone's. */
  more(next) {
    return this.ask("GET", `notifications/${new URL(next, location.href).search}`);
  }

  detail(id) {
    return this.ask("GET", path(id));
  }

  stats() {
    return this.ask("GET", "notifications/stats/");
  }

  mark(id, isRead) {
    return this.ask("PATCH", path(id), { is_read: isRead });
  }

  markAllRead(upTo) {
    return this.ask("POST", `notifications/mark_all_read/${upTo >= 0 ? `?up_to_seq=${upTo}` : ""}`);
  }

  archive(id, isArchived = true) {
    return this.ask("PATCH", path(id), { is_archived: isArchived });
  }

  snooze(id, until) {
    return this.ask("PATCH", path(id), { snoozed_until: until && until.toISOString() });
  }

  delete(id) {
    return this.ask("DELETE", path(id), undefined, { keepalive: true });
  }

  /** A browser cannot put a token into a handshake's header, and in its address it would end up in logs. */
  async ticket() {
    return this.token ? (await this.ask("POST", "ws-ticket/")).ticket : null;
  }

  /** JSON in, JSON out; anything but a 2xx is a `RequestFailed`. */
  async ask(method, address, body, options = {}) {
    const headers = {
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(this.token && { Authorization: `Bearer ${this.token}` }),
    };
    const { token } = this;
    const request = { method, headers, body: body && JSON.stringify(body), ...options };
    const response = await fetch(this.#origin + ROOT + address, request).catch(() => null);
    const answer = await response?.json().catch(() => null);
    if (response?.ok) return answer;
    if (response?.status === 401 && token === this.token) this.onUnauthenticated();
    throw new RequestFailed(response?.status ?? 0, answer);
  }
}

function path(id) {
  return `notifications/${encodeURIComponent(id)}/`;
}
