// The sandbox's page: asks once a second what was sent, what was called and what is still to go wrong.
import { showMessages, showRequests, showScripts } from "./looks.js";

const POLL_MS = 1000;
const CHANNELS = ["email", "sms", "push"];
const live = document.querySelector("#live");
const filters = document.querySelector("#filters");
const faultChannel = document.querySelector("#fault-channel");

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  return response.status === 204 ? null : (await response.json()).results;
}

function query(channel, pageSize) {
  const user = filters.elements.user.value.trim();
  return new URLSearchParams({ page_size: pageSize, ...(user && { user }), ...(channel && { channel }) });
}

async function refreshMessages(chosen) {
  for (const channel of CHANNELS) {
    const column = document.querySelector(`.column[data-channel=${channel}]`);
    column.hidden = Boolean(chosen) && chosen !== channel;
    // Each channel is asked for by itself, so that a flood of one does not push the others off the page.
    if (!column.hidden) showMessages(column, channel, await call("GET", `messages?${query(channel, 30)}`));
  }
}

async function refresh() {
  const chosen = filters.elements.channel.value;
  try {
    await refreshMessages(chosen);
    showRequests(document.querySelector("#requests"), await call("GET", `requests?${query(chosen, 50)}`));
    showScripts(document.querySelector("#scripts"), await call("GET", "faults"));
    say("live", true);
  } catch {
    say("the sandbox does not answer", false);
  }
}

function say(words, isWell) {
  // Set only on change: a screen reader speaks each time.
  if (live.textContent !== words) live.textContent = words;
  live.classList.toggle("well", isWell);
}

async function addFault(entry) {
  const channel = faultChannel.value || null;
  const left = (await call("GET", "faults")).find((script) => script.channel === channel);
  await call("PUT", "faults", { channel, script: [...(left?.script ?? []), entry] });
}

// One loop, so that a slow answer is never overtaken by a later one; an action wakes it early.
let wake = () => {};
async function poll() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resolve) => {
      wake = resolve;
      setTimeout(resolve, POLL_MS);
    });
  }
}

function act(action) {
  return async (event) => {
    try {
      await action(event);
    } catch {
      say("the sandbox does not answer", false);
    }
    wake();
  };
}

filters.addEventListener("input", () => wake());
filters.addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("visibilitychange", () => wake());
document.querySelector("#forget").addEventListener("click", act(() => call("DELETE", "messages")));
document.querySelector("#clear-faults").addEventListener("click", act(() => call("DELETE", "faults")));
for (const button of document.querySelectorAll("#fault-buttons button")) {
  button.addEventListener("click", act(() => addFault(JSON.parse(button.dataset.fault))));
}
poll();
