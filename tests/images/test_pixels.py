"""What is made of a picture before it is sent: upright, as small as the model sees it, plain, and within every limit."""

from __future__ import annotations

import io
import struct

import pytest
from drawing import BLUE, GREEN, RED, WHITE, corners, file, opened, page, photo
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from tui.chat.tokens import HIGH, STANDARD, Target, fit_edge, seen_size
from tui.demo.image_limits import read_picture
from tui.images.api_limits import MAX_BYTES
from tui.images.kinds import ACCEPTED
from tui.images.metadata import strip_metadata
from tui.images.pixels import prepare

TARGETS = st.sampled_from([HIGH, STANDARD, Target(84, 6)])
ORIENTATIONS = range(1, 9)
UPRIGHT_FROM = {
    1: (),
    2: (Image.Transpose.FLIP_LEFT_RIGHT,),
    3: (Image.Transpose.ROTATE_180,),
    4: (Image.Transpose.FLIP_TOP_BOTTOM,),
    5: (Image.Transpose.TRANSPOSE,),
    6: (Image.Transpose.ROTATE_90,),
    7: (Image.Transpose.TRANSVERSE,),
    8: (Image.Transpose.ROTATE_270,),
}
"""How a camera held in each of the eight ways stores what is upright."""
SECRET = "51 degrees 30 minutes north"


def exif(orientation=1):
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x010E] = SECRET
    told.get_ifd(0x8825)[1] = "N"
    return told.tobytes()  # as an object, some writers would change it


def assert_sendable(prepared):
    """What the simulator, an independent reader of files, says of it."""
    assert read_picture(prepared.data) == (prepared.media_type, prepared.width, prepared.height)
    assert len(prepared.data) <= MAX_BYTES
    assert prepared.media_type in ACCEPTED
    assert strip_metadata(prepared.data, prepared.media_type) == prepared.data
    assert SECRET.encode() not in prepared.data
    assert opened(prepared.data).size == (prepared.width, prepared.height)


def quarters(image):
    """The colours in the four quarters, each by the nearest of those that were drawn."""
    rgb = image.convert("RGB")
    spots = [(rgb.width * x // 4, rgb.height * y // 4) for y in (1, 3) for x in (1, 3)]

    def nearest(colour):
        names = {"red": RED, "green": GREEN, "blue": BLUE, "white": WHITE}
        return min(names, key=lambda name: sum((a - b) ** 2 for a, b in zip(names[name], colour, strict=True)))

    return [nearest(rgb.getpixel(spot)) for spot in spots]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("target", [HIGH, Target(56, 4)], ids=["as large", "smaller"])
def test_every_way_a_camera_was_held_comes_out_upright(kind, orientation, target):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    stored = corners()
    for turn in UPRIGHT_FROM[orientation]:
        stored = stored.transpose(turn)
    prepared = prepare(file(stored, kind, exif=exif(orientation)), target)
    assert_sendable(prepared)
    assert (prepared.width, prepared.height) == seen_size(64, 48, target)
    assert (prepared.original.width, prepared.original.height) == (64, 48)
    assert quarters(opened(prepared.data)) == ["red", "green", "blue", "white"]


@st.composite
def pictures(draw):
    """Files of every kind and colour model, and the size of the picture in them."""
    width, height = draw(st.integers(1, 400)), draw(st.integers(1, 400))
    kind, modes = draw(
        st.sampled_from(
            [
                ("JPEG", ["L", "RGB", "CMYK"]),
                ("PNG", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]),
                ("GIF", ["1", "L", "P", "RGB"]),
                ("WEBP", ["RGB", "RGBA"]),
                ("AVIF", ["RGB", "RGBA"]),
                ("BMP", ["1", "L", "P", "RGB"]),
                ("TIFF", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F", "LAB"]),
            ]
        )
    )
    mode = draw(st.sampled_from(modes))
    drawn = draw(st.sampled_from([photo, page]))(max(width, 2), max(height, 2)).crop((0, 0, width, height))
    if mode == "LAB":
        image = Image.merge("LAB", drawn.split())
    elif mode == "I;16":
        image = Image.frombytes("I;16", drawn.size, drawn.convert("LA").tobytes())
    else:
        image = drawn.convert("LA").convert(mode) if mode == "RGBA" else drawn.convert(mode)
    if mode in ("LA", "RGBA") and draw(st.booleans()):
        image.putalpha(drawn.convert("L"))
    options, orientation = {}, 1
    if kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF") and draw(st.booleans()):
        orientation = draw(st.integers(0, 9))
        options["exif"] = exif(orientation)
    if mode == "P" and kind in ("PNG", "GIF") and draw(st.booleans()):
        options["transparency"] = draw(st.integers(0, 255))
    if kind == "JPEG" and draw(st.booleans()):
        options["progressive"] = True
    return file(image, kind, **options), (width, height), orientation


@settings(deadline=None, max_examples=75)
@given(pictures(), TARGETS, st.none() | st.integers(1, 500), st.booleans())
def test_whatever_comes_in_what_goes_out_is_taken(picture, target, long_edge, many):
    data, (width, height), orientation = picture
    prepared = prepare(data, target, long_edge=long_edge, many=many)
    assert_sendable(prepared)
    upright = (height, width) if 5 <= orientation <= 8 else (width, height)
    size = seen_size(*upright, target)
    assert (prepared.width, prepared.height) == (fit_edge(*size, long_edge) if long_edge else size)
    assert prepared.original.size_bytes == len(data)
    again = prepare(prepared.data, target, long_edge=long_edge, many=many)
    assert again.data == prepared.data
    assert again.media_type == prepared.media_type


@pytest.mark.parametrize(
    "data",
    [
        file(photo(300, 200), "JPEG", quality=60),
        file(photo(300, 200), "JPEG", progressive=True),
        file(photo(300, 200, "L"), "JPEG"),
        file(photo(300, 200), "PNG"),
        file(photo(300, 200, "P"), "PNG", transparency=3),
        file(page(300, 200, "1"), "PNG"),
        file(photo(300, 200, "P"), "GIF"),
        file(photo(300, 200), "WEBP"),
        file(photo(300, 200, "RGBA"), "WEBP", lossless=True),
    ],
)
def test_what_needs_nothing_goes_byte_for_byte(data):
    assert prepare(data, STANDARD).data == data


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"exif": exif(), "comment": SECRET}),
        ("JPEG", {"exif": exif(), "xmp": SECRET.encode(), "progressive": True}),
        ("PNG", {"exif": exif()}),
        ("WEBP", {"exif": exif(), "xmp": SECRET.encode()}),
        ("WEBP", {"exif": exif(), "lossless": True}),
        ("GIF", {"comment": SECRET.encode()}),
    ],
)
def test_metadata_is_cut_out_and_no_pixel_changes(kind, options):
    data = file(photo(300, 200, "P" if kind == "GIF" else "RGB"), kind, **options)
    assert SECRET.encode() in data
    prepared = prepare(data, STANDARD)
    assert_sendable(prepared)
    assert f"image/{kind.lower()}" == prepared.media_type
    after = opened(prepared.data)
    assert after.convert("RGB").tobytes() == opened(data).convert("RGB").tobytes()
    assert not after.getexif()


def test_texts_in_a_png_are_cut_out():
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", SECRET)
    told.add_itxt("XML:com.adobe.xmp", f"<x>{SECRET}</x>", zip=True)
    prepared = prepare(file(page(300, 200), "PNG", pnginfo=told), STANDARD)
    assert_sendable(prepared)
    assert opened(prepared.data).info == {}


def test_what_is_appended_to_a_photo_stays_here():
    data = file(photo(300, 200), "JPEG")
    assert prepare(data + b"a film, and where it was taken", STANDARD).data == data


def test_metadata_goes_when_the_picture_is_drawn_anew_as_well():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = file(photo(3000, 2000), "JPEG", exif=exif(), comment=SECRET, icc_profile=profile)
    prepared = prepare(data, STANDARD)
    assert_sendable(prepared)
    assert opened(prepared.data).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_photos_become_jpeg_and_writing_stays_sharp():
    assert prepare(file(photo(900, 700), "BMP"), STANDARD).media_type == "image/jpeg"
    assert prepare(file(photo(900, 700), "PNG"), STANDARD, long_edge=500).media_type == "image/jpeg"
    small = prepare(file(page(200, 150), "BMP"), STANDARD)
    assert small.media_type == "image/png"
    assert opened(small.data).tobytes() == page(200, 150).tobytes()
    large = page(1200, 1000)
    prepared = prepare(file(large, "BMP"), STANDARD)
    assert prepared.media_type == "image/webp"
    assert len(prepared.data) < len(file(large, "PNG"))
    assert opened(prepared.data).convert("RGB").tobytes() == large.tobytes()


def test_what_was_jpeg_stays_jpeg():
    assert prepare(file(page(900, 700), "JPEG"), STANDARD, long_edge=800).media_type == "image/jpeg"


def test_transparency_stays_and_an_idle_one_goes():
    image = photo(800, 640)
    image.putalpha(255)
    assert prepare(file(image, "PNG", compress_level=1), STANDARD, long_edge=600).media_type == "image/jpeg"
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    for edge, media_type in ((600, "image/webp"), (200, "image/png")):
        prepared = prepare(file(image, "PNG", compress_level=1), STANDARD, long_edge=edge)
        assert prepared.media_type == media_type
        alpha = opened(prepared.data).getchannel("A")
        assert alpha.getpixel((5, 0)) < 5
        assert alpha.getpixel((5, alpha.height - 1)) > 250


def test_a_transparent_colour_stays_transparent_when_it_is_shrunk():
    image = Image.new("P", (3000, 100), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (0, 0, 1500, 100))
    prepared = opened(prepare(file(image, "PNG", transparency=0), STANDARD).data)
    assert prepared.getpixel((10, 10)) == (0, 0, 255, 255)
    assert prepared.getpixel((prepared.width - 10, 10))[3] == 0


@pytest.mark.parametrize(("value", "seen"), [(0, 0), (65535, 255), (257 * 100, 100)])
def test_deep_greys_keep_their_brightness(value, seen):
    deep = Image.frombytes("I;16", (40, 30), struct.pack("<H", value) * 1200)
    for kind in ("PNG", "TIFF"):
        got = opened(prepare(file(deep, kind), STANDARD).data).getextrema()
        assert got == (seen, seen)


def test_colours_for_print_are_brought_to_the_screen():
    red = Image.new("CMYK", (60, 40), (0, 255, 255, 0))
    for kind in ("JPEG", "TIFF"):  # Adobe's JPEG, which Pillow writes, holds them inverted
        prepared = prepare(file(red, kind), STANDARD)
        assert_sendable(prepared)
        red_, green, blue = opened(prepared.data).convert("RGB").getpixel((20, 20))
        assert red_ > 200 > 60 > max(green, blue)


def test_a_colour_profile_is_applied_and_dropped():
    # A profile in which red and blue have changed places: what it calls red is our blue.
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag in range(int.from_bytes(profile[128:132], "big")):
        at = 132 + 12 * tag
        swapped = {b"rXYZ": b"bXYZ", b"bXYZ": b"rXYZ"}.get(bytes(profile[at : at + 4]))
        if swapped:
            profile[at : at + 4] = swapped
    named = bytes(profile).replace("sRGB".encode("utf-16-be"), "Swap".encode("utf-16-be"))
    for alpha in (False, True):
        image = Image.new("RGB", (60, 40), RED)
        if alpha:
            image.putalpha(100)
        prepared = prepare(file(image, "PNG", icc_profile=named), STANDARD)
        assert_sendable(prepared)
        red, _, blue, *rest = opened(prepared.data).getpixel((9, 9))
        assert blue > 150 > red
        assert rest == [100] * alpha


def test_a_broken_profile_means_nothing():
    prepared = prepare(file(Image.new("RGB", (60, 40), RED), "PNG", icc_profile=b"no profile"), STANDARD)
    assert opened(prepared.data).getpixel((9, 9)) == RED


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF"])
def test_of_an_animation_the_first_frame_is_sent(kind):
    first, second = Image.new("RGB", (60, 40), RED), Image.new("RGB", (60, 40), BLUE)
    data = file(first, kind, save_all=True, append_images=[second, first], duration=100)
    for target in (STANDARD, Target(56, 4)):
        prepared = prepare(data, target)
        assert_sendable(prepared)
        shown = opened(prepared.data)
        assert not getattr(shown, "is_animated", False)
        assert quarters(shown) == ["red"] * 4
        assert prepared.notes == ("only the first frame of the animation is sent",)


def test_of_a_scan_of_several_pages_the_first_is_sent():
    pages = [corners(), corners()]
    prepared = prepare(file(pages[0], "TIFF", save_all=True, append_images=pages[1:]), STANDARD)
    assert prepared.notes == ("only the first page is sent",)


def test_a_file_that_is_too_heavy_is_written_anew():
    noise = Image.effect_noise((1600, 1700), 100)
    heavy = Image.merge("RGB", [noise, noise.rotate(90, expand=False), noise.rotate(180)])
    data = file(heavy, "PNG", compress_level=0)
    assert len(data) > MAX_BYTES
    prepared = prepare(data, HIGH)
    assert_sendable(prepared)
    assert (prepared.width, prepared.height) == (1600, 1700)


def test_see_through_noise_fits_as_well():
    noise = Image.effect_noise((2212, 1659), 120)
    heavy = Image.merge("RGBA", [noise, noise.rotate(90), noise.rotate(180), noise.rotate(270)])
    assert_sendable(prepare(file(heavy, "PNG", compress_level=0), HIGH))


@pytest.fixture(scope="module")
def large_photo():
    data = io.BytesIO()
    # Drawn small and enlarged: what counts is that 48 megapixels are decoded.
    photo(1600, 1200).resize((8000, 6000), Image.Resampling.BILINEAR).save(data, "JPEG", quality=90, exif=exif(6))
    return data.getvalue()


@pytest.mark.parametrize("target", [HIGH, STANDARD])
def test_48_megapixels_are_sent_as_the_model_sees_them(large_photo, target):
    prepared = prepare(large_photo, target)
    assert_sendable(prepared)
    assert prepared.media_type == "image/jpeg"
    assert (prepared.width, prepared.height) == seen_size(6000, 8000, target)
    assert (prepared.original.width, prepared.original.height) == (6000, 8000)
    assert len(prepared.data) < 3_000_000
    assert prepare(prepared.data, target).data == prepared.data
