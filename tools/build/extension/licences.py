"""The licences of everything in the extension, as a page in the zip."""

from __future__ import annotations

import zipfile
from email.parser import HeaderParser
from pathlib import Path

from ..console import BuildError

_PAGE = """# Licences of what this extension contains

DiFACE is GPL-3.0-or-later (LICENSE). The bundled head is made from MakeHuman's CC0 data. The speech encoder is that of
OpenAI's Whisper tiny.en (MIT, copyright 2022 OpenAI). DiFACE's models have a card: diface_core/weights/README.md.

The packages below are included as wheels. Each contains the full text of its licence, in the folder that is named here.

| package | version | licence | text |
|---|---|---|---|
"""


def licence_list(wheels: list[Path]) -> str:
    """Return the page. Raises BuildError if a wheel states no licence."""
    rows = sorted({_row(wheel) for wheel in wheels if zipfile.is_zipfile(wheel)}, key=str.lower)
    return _PAGE + "".join(rows)


def _row(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        fields = HeaderParser().parsestr(archive.read(metadata).decode("utf-8"))
    classifiers = fields.get_all("Classifier") or []
    stated = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: ")]
    licence = fields["License-Expression"] or ", ".join(stated) or (fields["License"] or "").split("\n")[0]
    if not licence:
        raise BuildError(f"{wheel.name} states no licence: add it to tools/build/extension/licences.py.")
    return f"| {fields['Name']} | {fields['Version']} | {licence} | {metadata.partition('/')[0]} |\n"
