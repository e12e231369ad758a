"""The league: races with rules, entries, finals and prizes."""
