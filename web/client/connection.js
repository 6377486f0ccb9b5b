/**
 * One live socket that heals itself: it resumes where it was, waits with jitter between tries, and notices silence.
 *
 * It says `frame` for each message of the service, and `state`: "live", "reconnecting", "unreachable" (still trying)
 * or "signed-out" (the token is of no use; nothing is tried until `open`).
 */

const SIGNED_OUT_CODES = [4001, 4003];
const BAD_REQUEST_CODE = 4009;
const TOO_MANY_CODE = 4029;

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;
const TOO_MANY_WAIT_MS = 10_000;
/** How many failures in a row before "reconnecting" would be a lie. */
const PATIENCE = 4;
/** Proxies drop idle connections after a minute or so, and a laptop that slept never hears of it. */
const PING_EVERY_MS = 25_000;

export class Connection {
  #origin;
  #service;
  #tell;
  #position;
  #socket = null;
  #opening = false;
  #failures = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #silent = false;

  /** `position()` is where the stream was left, as `{epoch, seq}`, or null; `tell(what, value)` hears the rest. */
  constructor({ origin, service, position, tell }) {
    this.#origin = origin;
    this.#service = service;
    this.#position = position;
    this.#tell = tell;
  }

  /** Also cuts a wait short: when the network is back, or somebody looks at the page again. */
  async open() {
    if (this.#socket || this.#opening) return;
    clearTimeout(this.#retryTimer);
    this.#opening = true;
    try {
      const ticket = await this.#service.ticket();
      if (this.#opening) this.#connect(ticket);
    } catch (error) {
      if (this.#opening && error.status !== 401) this.#failed(error.status === 429 ? TOO_MANY_CODE : 0);
    } finally {
      this.#opening = false;
    }
  }

  close() {
    this.#opening = false;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** False when there is nobody to say it to. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  #connect(ticket) {
    const address = new URL("/ws/notifications/", this.#origin || location.href);
    address.protocol = address.protocol.replace("http", "ws");
    address.search = new URLSearchParams({ ...this.#position(), ...(ticket && { ticket }) });
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.addEventListener("message", (event) => socket === this.#socket && this.#receive(JSON.parse(event.data)));
    // A socket that was given up reports its close late; by then another one may be in its place.
    socket.addEventListener("close", (event) => socket === this.#socket && this.#dropped(event.code));
  }

  #receive(frame) {
    this.#silent = false;
    if (frame.type === "connection_established") {
      this.#failures = 0;
      clearInterval(this.#pingTimer);
      this.#pingTimer = setInterval(() => this.#ping(), PING_EVERY_MS);
      this.#tell("state", "live");
    }
    this.#tell("frame", frame);
  }

  #ping() {
    if (this.#silent) {
      this.close();
      this.#dropped();
    } else {
      this.#silent = true; // until anything at all is heard
      this.send({ type: "ping" });
    }
  }

  #dropped(code) {
    this.#socket = null;
    clearInterval(this.#pingTimer);
    if (SIGNED_OUT_CODES.includes(code)) this.#tell("state", "signed-out");
    else {
      if (code === BAD_REQUEST_CODE) this.#tell("misplaced");
      this.#failed(code);
    }
  }

  #failed(code) {
    this.#failures += 1;
    this.#tell("state", this.#failures < PATIENCE && navigator.onLine ? "reconnecting" : "unreachable");
    this.#retryTimer = setTimeout(() => this.open(), waitAfter(this.#failures, code));
  }
}

/** Full jitter: a restarted gateway is not met by every page in the same instant. */
export function waitAfter(failures, code) {
  if (code === TOO_MANY_CODE) return TOO_MANY_WAIT_MS * (1 + Math.random());
  return Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
}
