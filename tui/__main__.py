"""`python -m tui` is `prx`."""

from tui.cli import main

main()
