"""PDF files: their pages counted however they are built, and what the API would not take refused before it is sent."""

from __future__ import annotations

import base64
import io
import time
import zlib

import pikepdf
import pytest
from drawing import file, page
from hypothesis import given
from hypothesis import strategies as st

from tui.anthropic.models import find
from tui.chat.transcript import Document
from tui.images.attach import attach_bytes
from tui.images.documents import MAX_PDF_BYTES, max_pages
from tui.images.errors import CannotAttach
from tui.images.pdf import pdf_facts, read_facts

SONNET, HAIKU = find("claude-sonnet-5-5"), find("claude-haiku-4-5")


def page_count(data):
    facts = pdf_facts(data)
    return facts.pages if facts else 0


def scans(pages):
    """A PDF as an independent library writes it."""
    drawn = page(60, 80)
    return file(drawn, "PDF", save_all=True, append_images=[drawn] * (pages - 1))


def written(pages, *, extra=b"", padding=b""):
    """A PDF in the old manner: every object plain."""
    kids = b" ".join(b"%d 0 R" % (10 + n) for n in range(pages))
    objects = [
        b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        b"2 0 obj\n<< /Type /Pages /Kids [" + kids + b"] /Count %d >>\nendobj\n" % pages,
        *(b"%d 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n" % (10 + n) for n in range(pages)),
    ]
    trailer = b"trailer\n<< /Root 1 0 R /Size %d %s >>\nstartxref\n0\n%%%%EOF\n" % (10 + pages, extra)
    return b"%PDF-1.4\n" + b"".join(objects) + padding + trailer


def packed(pages, line_end=b"\n"):
    """A PDF in the new manner: objects in a compressed stream, and the cross-reference in another."""
    kids = b" ".join(b"%d 0 R" % (10 + n) for n in range(pages))
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[" + kids + b"]/Count %d>>" % pages,
        **{10 + n: b"<</Type/Page/Parent 2 0 R>>" for n in range(pages)},
    }
    index, content = b"", b""
    for number, body in bodies.items():
        index += b"%d %d " % (number, len(content))
        content += body + b" "
    stream = zlib.compress(index + content)
    head = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode/Length %d>>" % (len(bodies), len(index), len(stream))
    table = zlib.compress(b"\0" * 40)
    return b"".join(
        [
            b"%PDF-1.7\n5 0 obj\n" + head + b"stream" + line_end + stream + b"\nendstream\nendobj\n",
            b"6 0 obj\n<</Type/XRef/Root 1 0 R/W[1 2 1]/Length %d>>stream\n" % len(table),
            table + b"\nendstream\nendobj\nstartxref\n9\n%%EOF",
        ]
    )


@pytest.mark.parametrize("pages", [1, 2, 7, 120])
@pytest.mark.parametrize("make", [scans, written, packed, lambda pages: packed(pages, b"\r\n")])
def test_pages_are_counted(make, pages):
    if make is not scans or pages < 10:
        assert page_count(make(pages)) == pages


def test_the_newest_version_counts():
    added = (
        b"2 0 obj\n<< /Type /Pages /Kids [10 0 R] /Count 1 >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF"
    )
    assert page_count(written(3) + added) == 1


def test_without_a_catalogue_no_viewer_opens_a_file():
    assert page_count(written(4).replace(b"/Root", b"/Rot")) == 0
    assert page_count(packed(4).replace(b"/Root", b"/Rot")) == 0


def made(pages, change=None, **options):
    """A PDF as pikepdf writes it."""
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(pages):
            pdf.add_blank_page()
        if change is not None:
            change(pdf)
        pdf.save(out, **options)
    return out.getvalue()


def holding(attached):
    """Has a PDF hold another one as an attachment, uncompressed."""

    def change(pdf):
        pdf.attachments["a.pdf"] = pikepdf.AttachedFileSpec(pdf, attached)

    return change


def page_like_text(pdf):
    pdf.pages[0].Contents = pdf.make_stream(b"BT (/Type /Page /Count 40 /Encrypt 9 0 R) Tj ET\n" * 40)


def without_the_first(pdf):
    del pdf.pages[0]


ENCRYPTED = [
    pikepdf.Encryption(owner="o", user="u", R=revision, aes=revision > 3, metadata=revision > 3)
    for revision in (2, 3, 4, 6)
]
PLAIN = {"compress_streams": False, "stream_decode_level": pikepdf.StreamDecodeLevel.generalized}


@pytest.mark.parametrize(
    ("data", "facts"),
    [
        pytest.param(made(2, object_stream_mode=pikepdf.ObjectStreamMode.generate), (2, False), id="object streams"),
        pytest.param(made(2, linearize=True), (2, False), id="linearised"),
        pytest.param(made(2, holding(made(52)), **PLAIN), (2, False), id="an attachment"),
        pytest.param(made(2, holding(made(52)), compress_streams=True), (2, False), id="a compressed attachment"),
        pytest.param(
            made(2, holding(made(3, encryption=ENCRYPTED[3])), **PLAIN), (2, False), id="an encrypted attachment"
        ),
        pytest.param(made(2, page_like_text, **PLAIN), (2, False), id="page-like text"),
        pytest.param(made(3, without_the_first), (2, False), id="a deleted page"),
        pytest.param(b"junk\n" * 20 + made(2), (2, False), id="junk before the header"),
        pytest.param(made(650), (650, False), id="many pages"),
        pytest.param(made(2)[:300], (0, False), id="cut short"),
        pytest.param(made(2, encryption=pikepdf.Encryption(owner="o", user="")), (2, True), id="an owner's password"),
        *(
            pytest.param(made(2, encryption=one), (0, True), id=f"a user's password, revision {one.R}")
            for one in ENCRYPTED
        ),
    ],
)
def test_facts_of_what_a_library_writes(data, facts):
    assert pdf_facts(data) == facts


def test_a_file_that_takes_too_much_time_or_memory_has_no_facts():
    large = written(3, padding=bytes(10_000_000))
    assert pdf_facts(large) == (3, False)
    assert pdf_facts(large, timeout_s=0) is None
    assert pdf_facts(large, memory_bytes=20_000_000) is None


def test_a_pdf_becomes_a_document():
    data = written(3)
    assert attach_bytes(data, "a.pdf", SONNET) == Document(
        "application/pdf", base64.b64encode(data).decode(), "a.pdf", 3
    )


def refusal(data, name="a.pdf", model=SONNET):
    with pytest.raises(CannotAttach) as caught:
        attach_bytes(data, name, model)
    return caught.value.message


def test_what_the_api_would_not_take_is_refused():
    password = b"9 0 obj\n<</Filter/Standard/V 1/R 2/P -4/O<%s>/U<%s>>>\nendobj\n" % (b"41" * 32, b"42" * 32)
    assert (
        refusal(written(3, extra=b"/Encrypt 9 0 R", padding=password))
        == "a.pdf is encrypted, and Claude cannot open it"
    )
    assert refusal(written(3, extra=b"/Encrypt<< /V 4 >>")) == "a.pdf is encrypted, and Claude cannot open it"
    assert refusal(written(3)[:-60]) == "a.pdf is damaged or incomplete (PDF)"
    assert refusal(b"%PDF-1.4\n%%EOF") == "a.pdf is damaged or incomplete (PDF)"
    heavy = written(3, padding=bytes(MAX_PDF_BYTES))
    assert refusal(heavy) == "a.pdf has 24 MB, and the limit for a PDF is 23 MB"


def test_models_take_so_many_pages():
    assert (max_pages(SONNET), max_pages(HAIKU)) == (600, 100)
    assert attach_bytes(written(101), "a.pdf", SONNET).pages == 101
    assert refusal(written(101), model=HAIKU) == "a.pdf has 101 pages, and the limit of this model is 100"
    assert attach_bytes(written(600), "a.pdf", SONNET).pages == 600
    assert refusal(written(601)) == "a.pdf has 601 pages, and the limit of this model is 600"


@given(st.binary(max_size=200), st.integers(0, 500), st.integers(0, 50))
def test_damaged_files_do_no_harm(noise, at, gone):
    for whole in (written(3), packed(3)):
        assert read_facts(whole[:at] + noise + whole[at + gone :]).pages >= 0


def test_streams_that_swell_are_not_unpacked_whole():
    stream = zlib.compress(bytes(100_000_000), 9)
    head = b"5 0 obj\n<</Type/ObjStm/N 1/First 5/Length %d>>stream\n" % len(stream)
    swelling = (head + stream + b"\nendstream\nendobj\n") * 100
    began = time.process_time()
    assert page_count(b"%PDF-1.7\n" + swelling + b"startxref\n0\n%%EOF") == 0
    assert time.process_time() - began < 2


def test_a_text_file_becomes_a_document():
    text = "﻿Grüße\n".encode()
    block = attach_bytes(text, "a.txt", SONNET)
    assert (block.media_type, base64.b64decode(block.data).decode(), block.name) == ("text/plain", "Grüße\n", "a.txt")
    late = b"x" * 5000 + b"\x01\xff" * 500
    assert refusal(late, "a.txt") == "a.txt is a binary file of an unsupported type"
    assert refusal(b" \n", "a.txt") == "a.txt is empty"
    assert refusal(b"x" * 5_000_000, "a.txt") == "a.txt has 5 MB, more text than any model reads"
