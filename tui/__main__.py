"""The `prx` command, and `python -m tui`."""

from tui import signals

signals.on_interrupt(signals.exit_now)


def main() -> None:
    """Run the command, of which the modules are loaded only now."""
    from tui.cli.main import main as prx

    prx()


if __name__ == "__main__":
    main()
