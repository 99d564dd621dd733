"""The lab report of a run: what is known of it, on paper.

``write`` says what stands in it, as a ``document`` of plain parts; ``page`` makes one HTML file of
that, ``text`` Markdown with its pictures. Only what is kept already is told: nothing is worked out
that takes long, and what nobody has worked out yet is named, with where to do so.
"""
