"""What a marketplace would run instead, small and fair, in an environment of its own."""
