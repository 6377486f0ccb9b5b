/** The form with which somebody sends themselves a notification, as another service of the marketplace would. */

import { make } from "../inbox/dom.js";
import { STRINGS } from "../inbox/strings.js";
import { request } from "./request.js";

export function startComposer(user) {
  const form = document.querySelector("#compose");
  const note = document.querySelector("#compose-note");
  form.elements.notification_type.replaceChildren(
    ...Object.keys(STRINGS.types).map((type) => make("option", { value: type, textContent: type })),
  );
  form.elements.notification_type.value = "session";
  // Room beside the list is the form's; on a narrow screen the list comes first.
  document.querySelector("#composer").open = matchMedia("(min-width: 60rem)").matches;

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const button = form.querySelector("button");
    button.disabled = true;
    note.textContent = "";
    try {
      await request("POST", "/demo/notify", {
        user,
        title: fields.get("title"),
        message: fields.get("message").trim(),
        notification_type: fields.get("notification_type"),
        delivery_channels: fields.getAll("channel"),
      });
      note.textContent = "Accepted. Watch it arrive.";
    } catch (error) {
      note.textContent = error.message || "That did not work. Is the service running?";
    } finally {
      button.disabled = false;
    }
  });
}
