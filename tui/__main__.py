"""The `prx` command, and `python -m tui`."""

from tui import signals

signals.on_interrupt(signals.exit_now)


def main() -> None:
    """Run the command. Its modules are imported only now, after the signal handler is installed."""
    from tui.cli.main import main as prx

    prx()


if __name__ == "__main__":
    main()
