/** `<notification-inbox>`. See docs/inbox-element.md. */

import type { Notification, NotificationsClient, State } from "./notifications-client.js";

/** A page's own words, by the names in inbox/strings.js; those left out stay. */
export interface Strings {
  readonly [name: string]: string | Readonly<Record<string, string>>;
}

export interface InboxEvents {
  "inbox-count": CustomEvent<number>;
  "inbox-state": CustomEvent<State>;
  "inbox-notification": CustomEvent<Notification>;
  /** Cancelable: prevented, the notification is not marked as read. */
  "inbox-select": CustomEvent<Notification>;
}

export class NotificationInbox extends HTMLElement {
  /** The connection of this element; null while it is not on a page. */
  readonly client: NotificationsClient | null;
  readonly unreadCount: number;
  /** The newest of those that are shown. */
  readonly newest: Notification | null;
  get strings(): Strings;
  set strings(own: Strings | null);
  open: boolean;
  /** Shows one that the page has heard of by itself; one that is there already is not shown twice. */
  show(notification: Notification): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "notification-inbox": NotificationInbox;
  }
  interface HTMLElementEventMap extends InboxEvents {}
}
