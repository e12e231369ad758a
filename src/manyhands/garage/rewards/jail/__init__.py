"""The jailed process. It is started by path and never imports the rest of the package, which loads more."""
