"""The models that come with the app: their training, their files and their cards.

``python -m core pretrain NAME`` is the way in (``pretrain``); nothing else in the app needs this
package. ``models`` is the table of them, ``bundle`` makes one of the networks of finished runs,
``accurate`` and ``pictures`` train; ``variations`` makes of Fashion-MNIST what people photograph
and draw, ``manifests`` reads real pictures.
"""
