"""Words below a file uploader for files that did not arrive.

An upload may be refused before it reaches us: by a proxy with a limit, by a browser without
cookies, by a server that has just been started anew. Streamlit then marks the file red, and shows
the reason, an "AxiosError", only to a mouse that rests on it.
"""

from pages.widgets.shared import register

_UPLOAD_WORDS = register(__file__, "upload_words")

# By the status of HTTP; ``{files}`` stands for their names and sizes.
WORDS = {
    "413": (
        "{files} did not reach Atelier: this address does not accept uploads of this size. Use a "
        "smaller file, or ask whoever runs this server to allow larger ones."
    ),
    "403": (
        "{files} did not reach Atelier: the browser keeps no cookies for this page. Allow them, or "
        "open Atelier in a tab of its own, then upload the file again."
    ),
}
# A proxy may also break off while a file that is too large is still under way.
OTHER = (
    "{files} did not reach Atelier: the connection broke. The server may have restarted, or this "
    "address does not accept uploads of this size. Remove the file here and upload it again, or "
    "upload a smaller one. Reload the page if that does not help."
)


def upload_words(uploader: str, *, key: str | None = None, kept: bool = False) -> None:
    """Draw the words; without any they take no room in a container that has no gap.

    Args:
        uploader: key of the ``st.file_uploader`` in the same container.
        key: of the words. Where the uploader's key changes to empty it, one that does not change
            lets the words stay.
        kept: whether what was said of the uploader before is still true of what the page shows.
    """
    data = {"uploader": uploader, "words": WORDS, "other": OTHER, "kept": kept}
    _UPLOAD_WORDS(key=key or f"{uploader}_words", data=data)
