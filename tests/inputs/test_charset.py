"""Text is made of a file's bytes in one place: by its mark, as UTF-8, or by a guess; what makes no sense is binary."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.inputs.charset import decode_text


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("Größe;Preis\nMüller;5€\n", "cp1252", "Windows-1252"),
        ("-// Copyright\n+// © Me\n", "cp1252", "Windows-1252"),
        ("café à la crème", "latin-1", "Windows-1252"),
        ("naïve “quoted” – dash…", "cp1252", "Windows-1252"),
        ("smörgåsbord på svenska, Århus", "cp1252", "Windows-1252"),
        ("x" * 5000 + "é", "cp1252", "Windows-1252"),
        ("Příliš žluťoučký kůň", "cp1250", "Windows-1250"),
        ("Zażółć gęślą jaźń", "cp1250", "Windows-1250"),
        ("değiştir, şişli", "cp1254", "Windows-1254"),
        ("Имя;цена\nИванов;5", "cp1251", "Windows-1251"),
        ("УТВЕРЖДАЮ", "cp1251", "Windows-1251"),
        ("Привет, мир", "koi8_r", "KOI8-R"),
        ("Привет, мир", "cp866", "DOS Cyrillic"),
        ("Καλημέρα κόσμε", "cp1253", "Windows-1253"),
        ("שלום עולם", "cp1255", "Windows-1255"),
        ("مرحبا بالعالم", "cp1256", "Windows-1256"),
        ("สวัสดีชาวโลก", "cp874", "Windows-874"),
        ("日期,商户\n2026-08-11,测试\n", "gb18030", "GBK"),
        ("日期", "gb18030", "GBK"),
        ("错误：找不到文件", "gb18030", "GBK"),
        ("這是一個繁體中文測試檔案", "cp950", "Big5"),
        ("これは日本語です。", "cp932", "Shift-JIS"),
        ("名前,価格\n山田,100", "cp932", "Shift-JIS"),
        ("エラーが発生しました", "euc_jp", "EUC-JP"),
        ("오류: 파일을 찾을 수 없습니다", "cp949", "EUC-KR"),
        ("name,city\nAnna,Koeln\n", "utf-16-le", "UTF-16"),
        ("name,city\n", "utf-16-be", "UTF-16"),
        ("Привет, мир\n", "utf-16-le", "UTF-16"),
        ("日期 商户\n", "utf-16-be", "UTF-16"),
        ("abc é\n", "utf-32-le", "UTF-32"),
    ],
)
def test_a_guess_is_right_and_named(text: str, encoding: str, name: str) -> None:
    found = decode_text(text.encode(encoding))
    assert found is not None
    assert (found.text, found.name, found.is_guess) == (text, name, True)
    assert found.remark == f"read as {name}, which is a guess"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize(
    "text", ["Größe\r\n5 €", "日期", "plain", "colour \x1b[31mred\x1b[0m \x07\n", "", "to the end\x1a"]
)
def test_what_is_known_is_no_guess(text: str, encoding: str) -> None:
    found = decode_text(text.encode(encoding))
    assert found is not None
    assert (found.text, found.is_guess) == (text, False)


@pytest.mark.parametrize(
    "data",
    [
        b"line one\n\0\0line two\n",
        b"abc\0",
        b"\x7fELF\x02\x01\x01\0\0\0",
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3",
        b"\xca\xfe\xba\xbe\0\0\0\x34",
        b"\x01\x02\x03\x04 text",
        b"\x89PNG\r\n\x1a\n\xff",
        b"GIF89a\x05\xff\xfe",
        b"\xff\xfea",
        bytes(range(256)),
        random.Random(1).randbytes(500),
    ],
)
def test_what_is_no_text_is_binary(data: bytes) -> None:
    assert decode_text(data) is None


@given(st.binary(max_size=80))
def test_a_text_can_be_written_back_as_it_was(data: bytes) -> None:
    found = decode_text(data)
    if found is not None:
        assert found.mark + found.text.encode(found.encoding) == data


@pytest.mark.parametrize("text", ["Müller;5€\n", "日期,商户\n", "x" * 999 + "é"])
def test_a_large_file_takes_no_longer_to_guess(text: str) -> None:
    data = (text * (4_000_000 // len(text.encode("gb18030")))).encode("gb18030" if "日" in text else "cp1252")
    began = time.process_time()
    assert decode_text(data) is not None
    assert time.process_time() - began < 2
