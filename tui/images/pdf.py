"""Facts about a PDF: how many pages it has, and whether it is encrypted.

PDFium reads the file. It is C++ and the file may be hostile, so it runs in a process of its own, with bounds on time and
memory. A crash ends that process only.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tui.inputs.bounded_program import run_program
from tui.inputs.limits import PDF_MEMORY_BYTES, PDF_S

_START = "import sys; sys.path += sys.argv[1:3]; from tui.images.pdf import main; main(int(sys.argv[3]))"
_PACKAGE = str(Path(__file__).parent.parent.parent)
_OUTPUT_BYTES = 100


class PdfFacts(NamedTuple):
    pages: int
    """0 if none can be found: the file is damaged or cut short."""
    is_encrypted: bool
    """True if it needs a password, or is encrypted with an empty one."""


def pdf_facts(data: bytes, *, timeout_s: float = PDF_S, memory_bytes: int = PDF_MEMORY_BYTES) -> PdfFacts | None:
    """Return what PDFium says of a file; None if it found no end within the bounds on time and memory, or crashed."""
    library = importlib.util.find_spec("pypdfium2_raw")
    libraries = str(Path(library.origin).parent.parent) if library and library.origin else _PACKAGE
    command = [sys.executable, "-I", "-S", "-c", _START, _PACKAGE, libraries, str(memory_bytes)]
    with suppress(OSError, subprocess.TimeoutExpired, ValueError):
        printed = run_program(command, timeout_s=timeout_s, limit_bytes=_OUTPUT_BYTES, stdin=data)
        if printed.code == 0:
            pages, is_encrypted = map(int, printed.output.split())
            return PdfFacts(pages, bool(is_encrypted))
    return None


def main(memory_bytes: int) -> None:
    """Read a PDF from stdin and print its facts. Runs in the process that `pdf_facts` starts."""
    with suppress(ImportError, ValueError, OSError):  # there is no such bound on Windows, or a stricter one
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    facts = read_facts(sys.stdin.buffer.read())
    sys.stdout.write(f"{facts.pages} {int(facts.is_encrypted)}")


def read_facts(data: bytes) -> PdfFacts:
    """Have PDFium read a file, in this process."""
    import pypdfium2_raw as pdfium

    pdfium.FPDF_InitLibrary()
    document = pdfium.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        locked = pdfium.FPDF_GetLastError() in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
        return PdfFacts(0, locked)
    is_encrypted = pdfium.FPDF_GetSecurityHandlerRevision(document) >= 0
    pages = pdfium.FPDF_GetPageCount(document)
    pdfium.FPDF_CloseDocument(document)
    return PdfFacts(pages, is_encrypted)
