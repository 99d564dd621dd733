"""Pages in plain HTML, for the moment in which the app itself is not there yet."""

import html
import secrets

from starlette.responses import HTMLResponse

from pages.widgets import palette

# What may be kept nowhere, and be asked for by no other site.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
{again}<title>{title} · Atelier</title>
<style>
{colours}
:root {{ color-scheme: light dark }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center;
  font: 1.0625rem/1.5 Inter, system-ui, sans-serif;
  background: var(--paper); color: var(--text) }}
main {{ box-sizing: border-box; max-width: 32rem; padding: 1.5rem }}
h1 {{ margin: 0 0 .5rem; font-size: 1.75rem; line-height: 1.2 }}
p {{ margin: 0 0 1rem }}
button {{ padding: .6rem 1.2rem; border: 0; border-radius: 8px; font: inherit; font-weight: 600;
  background: {button}; color: {on_button}; cursor: pointer }}
</style>
</head>
<body class="root">
<main>
<h1>{title}</h1>
{body}
</main>
{script}</body>
</html>
"""


def waiting(title: str, sentences: str, seconds: int) -> HTMLResponse:
    """Return a page that asks for itself again.

    Args:
        title: what is the matter.
        sentences: what that means.
        seconds: until it asks again.
    """
    again = f'<meta http-equiv="refresh" content="{seconds}">\n'
    response = _page(title, f"<p>{html.escape(sentences)}</p>", again=again, status=503)
    response.headers["Retry-After"] = str(seconds)
    return response


def gone(title: str, sentences: str) -> HTMLResponse:
    """Return a page that says why what was asked for is not there."""
    return _page(title, f"<p>{html.escape(sentences)}</p>", status=404)


def passing(title: str, button: str, after: str) -> HTMLResponse:
    """Return a page that sends itself back as a form, at once or by its button.

    What asks for an address without being a browser with a person (a preview of a link, a search
    for viruses) sends no forms, so it causes nothing. The address, which may hold a secret, goes
    out of the address bar first.

    Args:
        title: what happens now.
        button: what it says for a browser that runs no scripts.
        after: path that the address bar shows meanwhile.
    """
    nonce = secrets.token_urlsafe(16)
    body = f'<form method="post"><button>{html.escape(button)}</button></form>'
    script = (
        f'<script nonce="{nonce}">const form = document.forms[0]; form.action = location.href; '
        f'history.replaceState(null, "", "{after}"); form.submit()</script>\n'
    )
    return _page(title, body, script=script, nonce=nonce)


def _page(
    title: str, body: str, *, again: str = "", script: str = "", nonce: str = "", status: int = 200
) -> HTMLResponse:
    text = _PAGE.format(
        title=html.escape(title),
        body=body,
        again=again,
        script=script,
        colours=palette.in_css(),
        button=palette.GOOD,
        on_button=palette.PAPER,
    )
    scripts = f"script-src 'nonce-{nonce}'; " if nonce else ""
    policy = f"default-src 'none'; {scripts}style-src 'unsafe-inline'; form-action 'self'"
    return HTMLResponse(
        text, status, HEADERS | {"Content-Security-Policy": f"{policy}; base-uri 'none'"}
    )
