/**
 * One of a browser's tabs leads for all tabs of a user: it alone holds the socket, and passes on what it hears.
 *
 * The lead is a Web Lock, which the browser hands to the next tab when its holder goes, however it goes. Where a
 * browser has no locks or no channels, or nobody knows whose tabs these are, each tab leads itself.
 */

export class Sharing {
  #channel = null;
  #release = null;
  #abort = new AbortController();
  isLeader = false;

  /** `onLead()` is called once, when this tab leads; `onMessage(message)` for each message of another tab. */
  constructor({ name, onLead, onMessage }) {
    const lead = () => {
      this.isLeader = true;
      onLead();
      return new Promise((resolve) => (this.#release = resolve));
    };
    if (name && globalThis.BroadcastChannel && navigator.locks) {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }) => onMessage(data);
      navigator.locks.request(name, { signal: this.#abort.signal }, lead).catch(() => {});
    } else queueMicrotask(lead);
  }

  post(message) {
    this.#channel?.postMessage(message);
  }

  leave() {
    this.#abort.abort();
    this.#release?.();
    this.#channel?.close();
    this.#channel = null;
  }
}

/** Under which name tabs find one another: of one service and one user only, so that no tab hears another's. */
export function nameOf(origin, user, token) {
  const whose = user || ownerOf(token);
  return whose && `notifications:${origin}:${whose}`;
}

function ownerOf(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return claims.user_id ?? claims.sub;
  } catch {
    return null;
  }
}
