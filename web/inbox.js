/** The inbox page: what the client hears becomes rows, a badge and a word about the connection. */

import { NotificationsClient } from "./client.js";
import { startComposer } from "./composer.js";
import { InboxList } from "./list.js";
import { PatientSocket } from "./patient-socket.js";
import { Row, TYPES, icon, make } from "./row.js";
import { leave, paintAvatar, showPicker, whoIsHere } from "./session.js";

const STATES = { live: "Live", reconnecting: "Reconnecting…", offline: "Offline, still trying" };
const TICK_MS = 20_000;
const NOTICE_MS = 6_000;

const $ = (id) => document.getElementById(id);
const client = new NotificationsClient();
const list = new InboxList($("notifications"), fetchDetail);

let isLive = false;
/** The marks under way: a filter chosen right after a click must already see what the click did. */
let saving = Promise.resolve();
let loads = 0;
let next = null;
/** Events that arrived while the list was being read, and may be newer than what was read. */
let held = null;

// The names that the service's own JavaScript example expects of a page.
Object.assign(window, { showNotification, updateBadge, notificationId: null, WebSocket: PatientSocket });

function showNotification(notification) {
  window.notificationId = notification.id;
  if (list.get(notification.id) || !isWanted(notification)) return;
  const row = new Row(notification, toggle);
  row.element.classList.add("arriving");
  list.prepend(row);
  showEmptiness();
  $("announcer").textContent = `New: ${notification.title}`;
}

function updateBadge(count) {
  $("badge").textContent = count;
  $("badge").hidden = count === 0;
  $("bell").setAttribute("aria-label", `${count} unread. Show them`);
  $("summary").textContent = count === 0 ? "You are all caught up." : `${count} unread`;
  $("mark-all").disabled = count === 0;
  document.title = `${count ? `(${count}) ` : ""}Inbox · Estuary`;
}

function filters() {
  const chosen = new FormData($("filters"));
  return {
    ...(chosen.get("show") === "unread" && { is_read: "false" }),
    ...(chosen.get("type") && { notification_type: chosen.get("type") }),
  };
}

function isWanted({ notification_type: type, is_read: isRead }) {
  const wanted = filters();
  return !(wanted.is_read && isRead) && (wanted.notification_type ?? type) === type;
}

async function reload() {
  const load = ++loads;
  held ??= [];
  $("notifications").setAttribute("aria-busy", "true");
  try {
    const wanted = filters();
    await saving;
    const [page, count] = await Promise.all([client.list(wanted), client.unreadCount()]);
    if (load !== loads) return; // another filter was chosen meanwhile, and its answer decides
    list.clear();
    append(page);
    updateBadge(count);
    if (Object.keys(wanted).length === 0) window.notificationId = list.newest?.id ?? null;
  } catch (error) {
    if (load !== loads) return;
    complain(error, "The notifications could not be read.");
  }
  const events = held;
  held = null;
  events.forEach(apply);
  $("notifications").setAttribute("aria-busy", "false");
}

function append(page) {
  for (const item of page.results) if (!list.get(item.id)) list.append(new Row(item, toggle));
  next = page.next;
  $("more").hidden = !next;
  showEmptiness();
}

async function fetchDetail(row) {
  if (!row.isDetailed) row.edit(await client.detail(row.id).catch(() => row.item));
}

function apply(frame) {
  if (held) held.push(frame);
  else if (frame.type === "new_notification") showNotification(frame.notification);
  else if (frame.type === "unread_count") updateBadge(frame.count);
  else change(frame.update_type, frame.data);
}

function change(update, data) {
  const row = list.get(data.notification_id);
  if (update === "all_read" && data.up_to_seq !== undefined) reload(); // which rows those are, the service knows
  else if (update === "all_read") for (const each of list) each.setRead(true);
  else if (update === "unread" && !row && filters().is_read) reload();
  else if (update === "read" || update === "unread") row?.setRead(update === "read");
  else if (update === "delivery") row?.setDelivery(data);
  else if (update === "edited") row?.edit({ ...row.item, ...data });
  else if (["deleted", "archived", "snoozed"].includes(update)) list.remove(data.notification_id);
  showEmptiness();
}

async function toggle(row) {
  const isRead = !row.isRead;
  row.setRead(isRead);
  const mark = client.mark(row.id, isRead);
  saving = Promise.allSettled([saving, mark]);
  try {
    await mark;
    if (!isLive) updateBadge(await client.unreadCount());
  } catch (error) {
    row.setRead(!isRead);
    complain(error, "That could not be saved.");
  }
}

async function markAll() {
  try {
    await client.markAllRead();
    if (!isLive) await reload();
  } catch (error) {
    complain(error, "That could not be saved.");
  }
}

async function loadMore() {
  $("more").disabled = true;
  try {
    append(await client.more(next));
  } catch (error) {
    complain(error, "The earlier ones could not be read.");
  } finally {
    $("more").disabled = false;
  }
}

function showState({ detail: state }) {
  if (state === "signed-out") {
    for (const id of ["inbox", "bell", "me", "connection"]) $(id).hidden = true;
    showPicker("Your session has ended. Please choose a person again.");
    return;
  }
  // Without a socket the page is still an inbox, only not a live one.
  if (state !== "live" && loads === 0) reload();
  isLive = state === "live";
  $("connection").dataset.state = state;
  $("connection").textContent = STATES[state];
}

function showEmptiness() {
  $("empty").hidden = list.size > 0;
  const { is_read: unread, notification_type: type } = filters();
  $("empty").lastElementChild.textContent =
    unread || type ? "Nothing here with this filter." : "Nothing yet. What happens next will appear here by itself.";
}

let noticeTimer = 0;
function complain(error, what) {
  if (error.status === 401) return; // the client has said so already, and the picker is on its way
  $("notice").textContent = `${what} ${error.message}`;
  $("notice").hidden = false;
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => ($("notice").hidden = true), NOTICE_MS);
}

function typeFilter([type, label]) {
  const input = make("input", { type: "radio", name: "type", value: type, checked: type === "" });
  return make("label", {}, input, make("span", {}, ...(type ? [icon(type)] : []), label));
}

function startInbox({ user, name }) {
  for (const id of ["inbox", "bell", "me", "connection"]) $(id).hidden = false;
  const hour = new Date().getHours();
  const greeting = hour < 5 || hour >= 18 ? "Good evening" : hour < 12 ? "Good morning" : "Good afternoon";
  $("greeting").textContent = `${greeting}, ${name.split(" ")[0]}`;
  $("me").querySelector(".me-name").textContent = name;
  $("me").addEventListener("click", leave);
  paintAvatar($("me").querySelector(".avatar"), name);
  startComposer(user);

  $("types").append(...[["", "Everything"], ...Object.entries(TYPES)].map(typeFilter));
  $("filters").addEventListener("change", reload);
  $("mark-all").addEventListener("click", markAll);
  $("more").addEventListener("click", loadMore);
  $("bell").addEventListener("click", () => {
    $("filters").elements.show.value = "unread";
    reload();
    $("notifications").focus();
  });

  for (const type of ["new_notification", "notification_update", "unread_count"]) {
    client.addEventListener(type, ({ detail: frame }) => apply(frame));
  }
  client.addEventListener("state", showState);
  client.addEventListener("reload", reload);
  client.connect();

  setInterval(() => list.refreshTimes(), TICK_MS);
  addEventListener("online", () => client.connect());
  document.addEventListener("visibilitychange", () => document.hidden || client.connect());
}

const person = await whoIsHere();
if (person) startInbox(person);
else showPicker();
