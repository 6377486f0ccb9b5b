/** A page's use of the client and of the element, as its authors would write it. */

import "./web/notification-inbox.js";
import { type Notification, NotificationsClient, RequestFailed } from "./web/notifications-client.js";

const client = new NotificationsClient({ token: "a token", shared: false });
client.addEventListener("new_notification", ({ detail }) => console.log(detail.notification.title, detail.seq));
client.addEventListener("state", ({ detail }) => detail === "signed-out" && (client.token = "another one"));
client.connect();

export async function firstTitles(): Promise<string[]> {
  try {
    return (await client.service.list({ is_read: "false" })).results.map(({ title }: Notification) => title);
  } catch (error) {
    if (error instanceof RequestFailed && error.status === 401) return [];
    throw error;
  }
}

const inbox = document.createElement("notification-inbox");
inbox.strings = { title: "Aviseringar" };
inbox.addEventListener("inbox-select", (event) => {
  event.preventDefault();
  location.assign(`/bookings/${event.detail.related_object_id}`);
});
document.body.append(inbox);
// @ts-expect-error - a count is a number
const wrong: string = inbox.unreadCount;
