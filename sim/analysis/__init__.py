"""As many worlds as an accuracy needs."""
