/** Every word that the inbox says by itself. A page overrides any of them; what is in braces is filled in. */

export const STRINGS = {
  bell: "Notifications, {count} unread",
  title: "Notifications",
  caughtUp: "You are all caught up",
  unreadCount: "{count} unread",
  markAll: "Mark all read",
  show: "Show",
  all: "All",
  unread: "Unread",
  archived: "Archive",
  type: "Type",
  allTypes: "Everything",
  types: {
    booking: "Bookings",
    payment: "Payments",
    session: "Sessions",
    message: "Messages",
    review: "Reviews",
    reminder: "Reminders",
    system: "News",
  },
  today: "Today",
  yesterday: "Yesterday",
  justNow: "just now",
  markRead: "Mark as read",
  markUnread: "Mark as unread",
  archive: "Archive",
  unarchive: "Back to the inbox",
  snooze: "Snooze",
  delete: "Delete",
  actionsFor: "{action}: {title}",
  snoozeFor: { hour: "For an hour", evening: "Until this evening", tomorrow: "Until tomorrow", week: "For a week" },
  wasDeleted: "Deleted",
  wasArchived: "Archived",
  wasSnoozed: "Snoozed",
  undo: "Undo",
  arrived: "New: {title}",
  empty: "Nothing yet. What happens next will appear here by itself.",
  emptyFiltered: "Nothing here with this filter.",
  loading: "Loading…",
  loadFailed: "The notifications could not be read.",
  saveFailed: "That could not be saved.",
  retry: "Try again",
  states: {
    connecting: "Connecting…",
    live: "Live",
    reconnecting: "Reconnecting…",
    polling: "Not live; looking now and then",
    offline: "Offline, still trying",
    "signed-out": "Signed out",
  },
  deliveries: "Deliveries",
  channels: { in_app: "In app", email: "Email", sms: "SMS", push: "Push" },
  statuses: {
    pending: "waiting",
    scheduled: "scheduled",
    sending: "on its way",
  },
  reasons: {
    preference_off: "switched off in settings",
    global_preference_off: "switched off in settings",
    opted_out: "opted out",
    quiet_hours: "after your quiet hours",
    own_digest: "in your digest",
    digested: "told in a digest",
    no_address: "no address known",
    forbidden_by_type: "not for this type",
    already_read: "already read here",
    provider_rejected: "refused by the provider",
    provider_silent: "no answer from the provider",
    expired: "no longer of use",
    deadline_exceeded: "given up after many tries",
  },
  preferences: "Settings",
  back: "Back to the notifications",
};

/** The words of a page over the default ones, one level deep. */
export function merged(own, strings = STRINGS) {
  const words = { ...strings };
  for (const [name, word] of Object.entries(own ?? {})) {
    words[name] = typeof word === "object" ? { ...strings[name], ...word } : word;
  }
  return words;
}

export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
