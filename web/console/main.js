/** Who is here, and which view is on the page: the fragment says both, and a token in it is taken out at once. */

import { FailuresView } from "./failures.js";
import { NotificationsView } from "./notifications.js";
import { RatesView } from "./rates.js";
import { isSignedIn, session, signIn, signOut } from "./service.js";
import { TemplatesView } from "./templates.js";

const VIEWS = {
  notifications: NotificationsView,
  failures: FailuresView,
  templates: TemplatesView,
  rates: RatesView,
};
const content = document.querySelector("#content");
const views = document.querySelector("#views");
const leave = document.querySelector("#leave");
let current = null;
let name = "";

function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return;
  signIn(token);
  history.replaceState(null, "", `${location.pathname}#/notifications`);
}

function route() {
  if (location.hash === "#content") return; // the way past the header
  takeToken();
  if (!isSignedIn()) return askForToken();
  const [wanted, id] = location.hash.replace(/^#\//, "").split("/");
  const next = wanted in VIEWS ? wanted : "notifications";
  if (current === null || next !== name) open(next);
  current.show(id);
}

function open(next) {
  close();
  name = next;
  views.hidden = leave.hidden = false;
  for (const link of views.children) {
    if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  current = new VIEWS[name]();
  content.replaceChildren(current.element);
  document.title = `${views.querySelector("[aria-current]").textContent} · Estuary console`;
  content.querySelector("h1").focus();
}

function close() {
  current?.stop();
  current = null;
}

function askForToken(note) {
  close();
  views.hidden = leave.hidden = true;
  content.replaceChildren(document.querySelector("#sign-in").content.cloneNode(true));
  if (note) content.querySelector("#sign-in-note").textContent = note;
  const form = content.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    signIn(form.elements.token.value);
    route();
  });
  form.elements.token.focus();
}

session.addEventListener("ended", ({ detail }) => askForToken(detail));
leave.addEventListener("click", () => signOut());
addEventListener("hashchange", route);
route();
