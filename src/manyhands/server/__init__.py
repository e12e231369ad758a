"""HTTP and events: the only part of the project that speaks to browsers; it never imports JAX."""
