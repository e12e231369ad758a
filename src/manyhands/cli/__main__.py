"""`python -m manyhands.cli`, as the installed command."""

from __future__ import annotations

from manyhands.cli import main

if __name__ == "__main__":
    main()
