"""The formats, registered: a new one is a module with a ``FORMAT``, and a line here."""

from core.errors import SettingsError
from core.export import cite, keras_file, model_files
from core.export.format import Format
from core.export.page import form as page
from core.export.report import form as report
from core.export.run_zip import form as run_zip
from core.export.script import form as script

FORMATS: dict[str, Format] = {
    each.key: each
    for each in (
        *report.FORMATS,
        *script.FORMATS,
        keras_file.FORMAT,
        *model_files.FORMATS,
        page.FORMAT,
        run_zip.FORMAT,
        cite.FORMAT,
    )
}


def find(key: str) -> Format:
    """Return the format registered as ``key``.

    Raises:
        SettingsError: there is none; the message lists those there are.
    """
    if key not in FORMATS:
        raise SettingsError(
            f"There is no format {key[:60]!r}. Choose one of: {', '.join(FORMATS)}."
        )
    return FORMATS[key]
