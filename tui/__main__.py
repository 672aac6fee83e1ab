"""The `prx` command, and `python -m tui`."""

import gc

from tui import signals

signals.on_interrupt(signals.exit_now)


def main() -> None:
    """Run the command. Its modules are imported only now, after the signal handler is installed.

    The garbage collector is off meanwhile: a start creates no garbage. Whatever runs for longer turns it on.
    """
    gc.disable()
    from tui.cli.main import main as prx

    prx()


if __name__ == "__main__":
    main()
