"""A network as one web page: an engine in JavaScript, the preparation of pictures, and the page.

The engine is that of ``core.networks.browser``. ``imaging.js`` has what ``core.imaging`` does to a
picture, ``page.js`` the sheet and the bars; ``form`` puts them and the weights into
``template.html``.
"""
