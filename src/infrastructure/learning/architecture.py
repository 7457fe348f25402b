"""The shape of the neural model, known without PyTorch: what training builds and what serving expects to find."""

from infrastructure.learning.features import Vocabulary

USER_LAYERS = (128, 64)
ITEM_LAYERS = (256, 128, 64)
HEAD_LAYERS = (64, 32)

Shapes = dict[str, tuple[int, ...]]


def weight_shapes(vocabulary: Vocabulary, embedding_size: int) -> Shapes:
    """The shape of every weight, by the name that the PyTorch module gives it."""
    shapes: Shapes = {"embedding": (len(vocabulary), embedding_size)}
    shapes |= _tower("user_tower", vocabulary.user_size(embedding_size), USER_LAYERS)
    shapes |= _tower("item_tower", vocabulary.item_size + embedding_size, ITEM_LAYERS)
    below = USER_LAYERS[-1] + ITEM_LAYERS[-1]
    for place, above in enumerate((*HEAD_LAYERS, 1)):
        shapes |= _linear(f"head.{2 * place}", below, above)
        below = above
    return shapes


def _tower(name: str, below: int, layers: tuple[int, ...]) -> Shapes:
    shapes: Shapes = {}
    for place, above in enumerate(layers):
        shapes |= _linear(f"{name}.{3 * place}", below, above)
        norm = f"{name}.{3 * place + 1}"
        shapes |= {f"{norm}.{part}": (above,) for part in ("weight", "bias", "running_mean", "running_var")}
        below = above
    return shapes


def _linear(name: str, below: int, above: int) -> Shapes:
    return {f"{name}.weight": (above, below), f"{name}.bias": (above,)}
