"""What `dev` prints when all is there: where things are, what was loaded, what to do next."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

from salescommand_cli import version


@dataclass
class Banner:
    """The facts of the banner. Addresses are whole URLs."""

    seconds: float
    ui: str
    api: str
    metrics: str
    sign_in: str
    erase: str
    ui_built: bool
    lake: str = ""
    notes: list[str] = field(default_factory=list)
    demo: list[str] = field(default_factory=list)
    try_it: list[str] = field(default_factory=list)

    def lines(self) -> Iterable[str]:
        """Yield the banner's lines. No line depends on the terminal's width: links stay whole."""
        yield ""
        yield f"SalesCommand {version()}  ready in {self.seconds:.1f} s"
        yield ""
        yield f"  UI        {self.ui}" + ("" if self.ui_built else "  (not built: run `make setup`)")
        yield f"  Sign in   {self.sign_in}"
        yield "            once, as admin@localhost, within 24 hours; each start prints a new one"
        yield f"  API       {self.api}  docs {self.api}/api/docs"
        yield f"  Metrics   {self.metrics}"
        if self.lake:
            yield f"  Lake      {self.lake}"
        yield from _block("Demo", self.demo)
        yield from _block("Try", self.try_it)
        yield from _block("Note", self.notes)
        if self.demo:
            yield "  Next      open the sign-in link, click a bar, follow it down to the raw bytes"
        else:
            yield "  Next      open the sign-in link; `salescommand key create SOURCE` lets a system post its events"
        yield "  Stop      Ctrl-C (the data stays)"
        yield f"  Erase     stop, then `{self.erase}`"
        yield ""

    def show(self) -> None:
        """Print the banner."""
        sys.stdout.write("\n".join(self.lines()) + "\n")
        sys.stdout.flush()


def _block(title: str, lines: list[str]) -> Iterable[str]:
    for number, line in enumerate(lines):
        yield f"  {title if number == 0 else '':<8}  {line}"
