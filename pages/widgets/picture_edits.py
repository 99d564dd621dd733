"""What a visitor changes on one picture by hand, with brush and crop tool or by turning it."""

from collections.abc import Collection
from dataclasses import dataclass, field

from core.imaging.gate import Picture
from core.imaging.prepare import Kind, Options, Prepared, Stage
from pages.widgets.mask_editor import ADD, ERASE, Edit, layer_shape, mask_editor, picture_file


@dataclass
class Edits:
    """What brush, crop tool and turning have done to one picture.

    Attributes:
        brought: the picture, as it came.
        picture: the picture, turned.
        token: tells these edits from those of other pictures, and from before a reset.
        file: the picture as the editor shows it.
        edit: brush and crop.
        version: grows with every change.
        quarters: of a full turn to the right that it was turned by, 0 to 3.
    """

    brought: Picture = field(repr=False)
    picture: Picture = field(repr=False)
    token: str
    file: bytes = field(repr=False)
    edit: Edit = field(default_factory=Edit)
    version: int = 0
    quarters: int = 0

    @classmethod
    def of(cls, brought: Picture, token: str, quarters: int = 0) -> "Edits":
        """Return the edits of a picture that was turned by so many quarters, and no more yet."""
        picture = brought.turned(quarters)
        return cls(brought, picture, token, picture_file(picture.rgb), quarters=quarters % 4)

    @property
    def any(self) -> bool:
        """Whether anything was edited."""
        return self.edit.layer is not None or self.edit.box is not None or self.quarters > 0

    def change(self, edit: Edit) -> None:
        """Take what the visitor has done since."""
        self.edit = edit
        self.version += 1

    def options(self, kind: Kind | None = None, off: Collection[Stage] = ()) -> Options:
        """Return them as the preparation takes them.

        Args:
            kind: photo or drawing; None to tell by looking.
            off: steps that are left out.
        """
        layer = self.edit.layer
        return Options(
            kind=kind,
            off=frozenset(off),
            box=None if Stage.CROP in off else self.edit.box,
            add=None if layer is None else layer == ADD,
            erase=None if layer is None else layer == ERASE,
        )


def edited_picture(edits: Edits, prepared: Prepared | None, *, brush: bool, key: str) -> None:
    """Show a picture with what was found in it, to be changed by hand.

    Args:
        edits: so far.
        prepared: what came of the picture with them; None if nothing did.
        brush: whether there is a brush, or only the crop.
        key: of the element.
    """
    mask_editor(
        edits.file,
        layer_shape(edits.picture.rgb),
        mask=prepared.mask if prepared else None,
        box=prepared.box if prepared else (0.0, 0.0, 1.0, 1.0),
        edit=edits.edit,
        token=edits.token,
        ink=prepared is not None and prepared.kind is Kind.SKETCH,
        brush=brush,
        on_edit=edits.change,
        key=key,
    )
