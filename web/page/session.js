/** Who looks at the page: the sample people of the demo process, and the session cookie that it hands out. */

import { make } from "../inbox/dom.js";
import { request } from "./request.js";

// The cookie belongs to every tab: when it changes, each of them starts afresh as the new person.
const otherTabs = new BroadcastChannel("estuary-session");
otherTabs.onmessage = () => location.reload();

function changed() {
  otherTabs.postMessage("changed");
  location.reload();
}

/** The signed-in person, or null. Where no demo process runs, the cookie may be somebody's all the same. */
export async function whoIsHere() {
  try {
    return await request("GET", "/demo/session");
  } catch (error) {
    return error.status === 401 ? null : { user: "", name: "there" };
  }
}

export async function leave() {
  await request("DELETE", "/demo/session");
  changed();
}

export function paintAvatar(element, name) {
  const words = name.split(/\s+/);
  element.textContent = (words[0][0] + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase();
  const hue = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 0);
  element.style.setProperty("--hue", hue); // through the CSSOM, which a strict style-src allows
}

export async function showPicker(note) {
  if (note) document.querySelector("#picker-note").textContent = note;
  document.querySelector("#picker").hidden = false;
  try {
    const people = await request("GET", "/demo/people");
    document.querySelector("#people").replaceChildren(...people.map(card));
  } catch {
    document.querySelector("#picker-note").textContent =
      "There are no sample people here: the demo process is not running. Sign in through your own application.";
  }
}

function card({ user, name, role, time_zone: timeZone }) {
  const avatar = make("span", { className: "avatar", ariaHidden: "true" });
  paintAvatar(avatar, name);
  const place = timeZone.split("/").at(-1).replaceAll("_", " ");
  const words = make("span", {}, make("b", { textContent: name }), `${role} · ${place}`);
  const button = make("button", { type: "button", className: "person" }, avatar, words);
  button.dataset.user = user;
  button.addEventListener("click", async () => {
    await request("POST", "/demo/session", { user });
    changed();
  });
  return make("li", {}, button);
}
