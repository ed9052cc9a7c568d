"""The only place where a number, a name or a verdict becomes words."""
