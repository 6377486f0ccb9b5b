// A client of the API, typed by its OpenAPI document: staff tell somebody something, who lists the inbox and reads it.
// Each `@ts-expect-error` stands above a mistake that the types must catch; should they not, this does not compile.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

declare const process: { env: Record<string, string | undefined> };

type Item = components["schemas"]["NotificationItem"];

const NOTIFICATIONS = "/api/v1/drf/notifications/notifications/";
const { API_URL = "", READER = "", READER_TOKEN = "", STAFF_TOKEN = "" } = process.env;

const clientOf = (token: string) =>
  createClient<paths>({ baseUrl: API_URL, headers: { Authorization: `Bearer ${token}` } });

/** The answer of a call that must succeed. */
function answer<T>({ data, error, response }: { data?: T; error?: unknown; response: Response }): T {
  if (data === undefined) throw new Error(`${response.status} from ${response.url}: ${JSON.stringify(error)}`);
  return data;
}

const staff = clientOf(STAFF_TOKEN);
const reader = clientOf(READER_TOKEN);

const body = {
  user: READER,
  notification_type: "booking",
  title: "Booking confirmed",
  message: "Your yoga session with Jane Doe is confirmed.",
  delivery_channels: ["in_app"],
} satisfies components["schemas"]["NotificationCreate"];
const created = answer(await staff.POST(NOTIFICATIONS, { body, params: { header: { "Idempotency-Key": READER } } }));
const listed = answer(await reader.GET(NOTIFICATIONS, { params: { query: { is_read: false, ordering: "-created_at" } } }));
const first: Item | undefined = listed.results[0];
if (first === undefined) throw new Error("the inbox is empty");

const path = { id: first.id };
answer(await reader.POST("/api/v1/drf/notifications/notifications/{id}/mark_as_read/", { params: { path } }));
const detail = answer(await reader.GET("/api/v1/drf/notifications/notifications/{id}/", { params: { path } }));
const left: number = answer(await reader.GET("/api/v1/drf/notifications/notifications/unread_count/")).unread_count;
const refused = await reader.POST(NOTIFICATIONS, { body });

console.log(
  JSON.stringify({
    created: created.id,
    count: "count" in listed ? listed.count : null,
    first: [first.id, first.title, first.notification_type],
    read: detail.is_read,
    deliveries: detail.deliveries.map(({ channel, status }) => [channel, status]),
    left,
    refused: refused.error && "detail" in refused.error ? refused.error.detail : null,
  }),
);

export async function mistakes(): Promise<void> {
  // @ts-expect-error - there is no such type of notification
  await staff.POST(NOTIFICATIONS, { body: { ...body, notification_type: "bookings" } });
  // @ts-expect-error - whom it is for is missing
  await staff.POST(NOTIFICATIONS, { body: { notification_type: "booking" } });
  // @ts-expect-error - there is no such order of the channels' words
  await reader.GET(NOTIFICATIONS, { params: { query: { delivery_channel: "fax" } } });
  // @ts-expect-error - an id is missing
  await reader.GET("/api/v1/drf/notifications/notifications/{id}/");
  // @ts-expect-error - there is no such address
  await reader.GET("/api/v1/drf/notifications/letters/");
  // @ts-expect-error - text is no number
  detail.title.toFixed();
  // @ts-expect-error - it may be null
  detail.read_at.length;
  // @ts-expect-error - a page by cursor has no count
  listed.count;
}
