/** The REST API as staff use it. The token is this tab's alone: it ends with the tab, and no address that is sent has it. */

const REST = "/api/v1/drf/notifications/";
const KEY = "estuary-console-token";

/** `fields` are the messages of a 400 by field, if it had any. */
export class Refused extends Error {
  constructor(status, answer) {
    super(answer?.detail ?? Object.values(answer ?? {}).flat().join(" ") ?? "");
    this.status = status;
    this.fields = answer ?? {};
  }
}

/** Tells `ended`, with the reason in words, when the token is no longer good for anything here. */
export const session = new EventTarget();

export function isSignedIn() {
  return sessionStorage.getItem(KEY) !== null;
}

export function signIn(token) {
  sessionStorage.setItem(KEY, token.trim());
}

export function signOut(reason = "Signed out.") {
  if (!isSignedIn()) return; // another answer has said so already
  sessionStorage.removeItem(KEY);
  session.dispatchEvent(new CustomEvent("ended", { detail: reason }));
}

/** JSON in, JSON out; anything but a 2xx is `Refused`. */
export async function ask(method, path, body) {
  const headers = new Headers({ Authorization: `Bearer ${sessionStorage.getItem(KEY)}` });
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const response = await fetch(REST + path, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    credentials: "omit", // somebody's inbox may be open beside this
  });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  if (response.status === 401) signOut("This token is not good, or no longer. Paste another one.");
  if (response.status === 403) signOut("This token is not a staff token. Paste another one.");
  throw new Refused(response.status, answer);
}

/** The page behind a `next` link, of which only the query is used: behind a proxy its host may be anyone's. */
export function askNext(path, next) {
  return ask("GET", path + new URL(next, location.href).search);
}

/** Why something did not work, for people. */
export function reason(error) {
  if (error instanceof Refused) return error.message || `The service answered ${error.status}.`;
  return "The service cannot be reached. Try again.";
}

const FIRST_WAIT_MS = 700;
const LONGEST_WAIT_MS = 20_000;

/** Calls again and again, less and less often, until it is told to stop or `once` answers false. */
export function watch(once) {
  let wait = FIRST_WAIT_MS;
  let timer = 0;
  const again = async () => {
    const goesOn = await once().catch(() => true);
    wait = Math.min(LONGEST_WAIT_MS, wait * 1.4);
    if (goesOn && timer !== null) timer = setTimeout(again, wait);
  };
  timer = setTimeout(again, wait);
  return () => {
    clearTimeout(timer);
    timer = null;
  };
}
