"""What happens to a notification, in time. Sequence only: decisions are in `policy`, the world in `activities`."""
