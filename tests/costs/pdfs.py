"""Small PDFs, written by hand in the ways in which real ones differ."""

from __future__ import annotations

import zlib


def plain(pages: int) -> bytes:
    """As simple writers make them: every object in the open."""
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /Outlines 900 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>",
        *("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>" for _ in range(pages)),
    ]
    body = "".join(f"{number} 0 obj\n{text}\nendobj\n" for number, text in enumerate(objects, 1))
    outlines = "900 0 obj\n<< /Type /Outlines /Count 77 >>\nendobj\n"
    return f"%PDF-1.4\n{body}{outlines}trailer << /Root 1 0 R >>\n%%EOF\n".encode()


def packed(pages: int) -> bytes:
    """As PDF 1.5 and later have it: the objects in a compressed stream."""
    kids = " ".join(f"{number + 3} 0 R" for number in range(pages))
    objects = f"<</Type/Pages/Count {pages}/Kids[{kids}]>> " + "<</Parent 2 0 R/Type/Page>> " * pages
    data = zlib.compress(objects.encode())
    head = f"%PDF-1.5\n5 0 obj\n<</Type/ObjStm/N {pages + 1}/First 20/Filter/FlateDecode/Length {len(data)}>>\nstream\n"
    return head.encode() + data + b"\nendstream\nendobj\n%%EOF\n"


def edited(pages: int) -> bytes:
    """With a later version of the page tree, and of a page, appended to the file."""
    later = f"2 0 obj\n<< /Count {pages} /Type /Pages /Kids [3 0 R] >>\nendobj\n"
    return plain(pages) + (later + "3 0 obj\n<< /Type /Page /Parent 2 0 R >>\nendobj\n%%EOF\n").encode()


def sealed() -> bytes:
    """Encrypted: nothing can be seen in its streams."""
    noise = bytes(range(256)) * 600
    return (
        b"%PDF-1.6\n5 0 obj\n<</Type/ObjStm/Filter/FlateDecode/Length 9>>\nstream\n" + noise + b"\nendstream\nendobj\n"
        b"trailer <</Encrypt 9 0 R>>\n%%EOF\n"
    )


def bomb() -> bytes:
    """A stream that unpacks to 80 MiB."""
    pack = zlib.compressobj(9)
    data = b"".join(pack.compress(b" " * 2**20) for _ in range(80)) + pack.flush()
    return b"%PDF-1.5\n5 0 obj\n<</Type/ObjStm/Filter/FlateDecode>>\nstream\n" + data + b"\nendstream\nendobj\n"
