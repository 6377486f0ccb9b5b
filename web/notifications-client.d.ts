/** A user's notifications, live, for any page. See docs/inbox-element.md. */

/**
 * "polling": no socket is to be had, and REST is asked now and then. "signed-out": nothing is tried until there is a
 * new `token`.
 */
export type State = "connecting" | "live" | "reconnecting" | "polling" | "offline" | "signed-out";
export type Channel = "in_app" | "email" | "sms" | "push";
export type NotificationType = "booking" | "payment" | "session" | "review" | "system" | "message" | "reminder";

export interface Notification {
  readonly id: string;
  readonly title: string;
  readonly message: string;
  readonly notification_type: NotificationType;
  readonly is_read: boolean;
  readonly created_at: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly related_object_type: string | null;
  readonly related_object_id: string | null;
  readonly group_key: string | null;
}

export interface Delivery {
  readonly channel: Channel;
  readonly status: "pending" | "scheduled" | "sending" | "sent" | "delivered" | "failed" | "skipped" | "cancelled";
  readonly reason: string | null;
}

export interface NotificationDetail extends Notification {
  readonly deliveries: readonly Delivery[];
  readonly archived_at: string | null;
  readonly snoozed_until: string | null;
}

export interface NewNotification {
  readonly type: "new_notification";
  readonly seq: number;
  readonly notification: Notification;
}

export interface NotificationUpdate {
  readonly type: "notification_update";
  readonly seq: number;
  /** An open set: pass over those that you do not know. */
  readonly update_type: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly notification_id?: string };
}

export interface UnreadCount {
  readonly type: "unread_count";
  readonly count: number;
}

/** What the service says: named after the frames of the wire contract, each once and in order; and two more. */
export interface ClientEvents {
  new_notification: CustomEvent<NewNotification>;
  notification_update: CustomEvent<NotificationUpdate>;
  unread_count: CustomEvent<UnreadCount>;
  state: CustomEvent<State>;
  /** Events were missed for good, or this is the first connection: read everything again with `service`. */
  reload: CustomEvent<null>;
}

export interface ClientOptions {
  /** The service's origin; the page's own if left out. */
  readonly origin?: string;
  /** Left out, the browser's cookie speaks. */
  readonly token?: string | null;
  /** Whose inbox it is; read from the token if left out. Without either, no connection is shared. */
  readonly user?: string | null;
  readonly shared?: boolean;
}

/** `next` goes to `more`. */
export interface Page {
  readonly results: readonly Notification[];
  readonly next: string | null;
}

/** The REST calls; each rejects with `RequestFailed`. */
export interface Service {
  list(filters?: Readonly<Record<string, string>>): Promise<Page>;
  more(next: string): Promise<Page>;
  detail(id: string): Promise<NotificationDetail>;
  mark(id: string, isRead: boolean): Promise<NotificationDetail>;
  /** With `upTo`, a `seq`, what arrived after that event stays unread. */
  markAllRead(upTo?: number): Promise<{ readonly message: string; readonly updated_count: number }>;
  archive(id: string, isArchived?: boolean): Promise<NotificationDetail>;
  /** Null brings it back. */
  snooze(id: string, until: Date | null): Promise<NotificationDetail>;
  /** Gets through even when the page is being left. */
  delete(id: string): Promise<null>;
}

export class RequestFailed extends Error {
  /** 0 when no answer came at all. */
  readonly status: number;
}

export class NotificationsClient extends EventTarget {
  constructor(options?: ClientOptions);
  readonly state: State;
  readonly unreadCount: number;
  readonly service: Service;
  /** Whether this tab holds the connection of all of them. */
  readonly isLeader: boolean;
  /** The last event that this tab has heard of; undefined before there was a socket. */
  readonly seq: number | undefined;
  /** A new one is renewed in place, brings back from "signed-out", and is told to the other tabs of this user. */
  token: string | null;
  /** Begins, or tries again at once what is being waited for. */
  connect(): void;
  close(): void;
  /** Asks for the count where no socket tells it. */
  recount(): Promise<void>;
  addEventListener<Name extends keyof ClientEvents>(
    type: Name,
    listener: (event: ClientEvents[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
}
