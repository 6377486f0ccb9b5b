/** The demo page: a person is picked, and their inbox is one element; a second one plays another device of theirs. */

import "../notification-inbox.js";
import { startComposer } from "./composer.js";
import { PatientSocket } from "./patient-socket.js";
import { leave, paintAvatar, showPicker, whoIsHere } from "./session.js";

const $ = (id) => document.getElementById(id);

/** The names that the service's own JavaScript example expects of a page. */
function lendNames(inbox) {
  const showNotification = (notification) => inbox.show(notification);
  Object.assign(window, { showNotification, updateBadge, WebSocket: PatientSocket });
  Object.defineProperty(window, "notificationId", { get: () => inbox.newest?.id ?? null });
}

function updateBadge(count) {
  document.title = `${count ? `(${count}) ` : ""}Inbox · Estuary`;
}

function device(user, attributes) {
  const inbox = document.createElement("notification-inbox");
  if (user) inbox.setAttribute("user", user);
  for (const name of attributes) inbox.setAttribute(name, "");
  return inbox;
}

function sessionEnded() {
  for (const id of ["here", "bell", "me"]) $(id).hidden = true;
  showPicker("Your session has ended. Please choose a person again.");
}

function startPage({ user, name }) {
  for (const id of ["here", "bell", "me"]) $(id).hidden = false;
  const hour = new Date().getHours();
  const greeting = hour < 5 || hour >= 18 ? "Good evening" : hour < 12 ? "Good morning" : "Good afternoon";
  $("greeting").textContent = `${greeting}, ${name.split(" ")[0]}`;
  $("me").querySelector(".me-name").textContent = name;
  $("me").addEventListener("click", leave);
  paintAvatar($("me").querySelector(".avatar"), name);
  startComposer(user);

  const inbox = device(user, ["inline"]);
  inbox.id = "inbox";
  inbox.addEventListener("inbox-count", ({ detail: count }) => updateBadge(count));
  inbox.addEventListener("inbox-state", ({ detail: state }) => state === "signed-out" && sessionEnded());
  lendNames(inbox);
  $("devices").append(inbox);
  $("bell").append(device(user, []));
  $("second").addEventListener("click", () => toggleSecond(user));
}

function toggleSecond(user) {
  const second = $("second-inbox");
  if (second) second.remove();
  else $("devices").append(Object.assign(device(user, ["inline", "unshared"]), { id: "second-inbox" }));
  $("second").setAttribute("aria-pressed", String(!second));
}

const person = await whoIsHere();
if (person) startPage(person);
else showPicker();
