"""Every engine that can be trained, in the order in which they are. To add one is to add a file and its line here."""

from collections.abc import Mapping

from infrastructure.learning.recipes.ease import EaseRecipe
from infrastructure.learning.recipes.gru import GruRecipe
from infrastructure.learning.recipes.hstu import HstuRecipe
from infrastructure.learning.recipes.hybrid import HybridRecipe
from infrastructure.learning.recipes.item_item import ItemItemRecipe
from infrastructure.learning.recipes.linear import LinearRecipe
from infrastructure.learning.recipes.lstm import LstmRecipe
from infrastructure.learning.recipes.mf import MfRecipe
from infrastructure.learning.recipes.ncf import NcfRecipe
from infrastructure.learning.recipes.recipe import Recipe
from infrastructure.learning.recipes.sequence import SequenceRecipe
from infrastructure.learning.recipes.trending import TrendingRecipe
from infrastructure.learning.recipes.two_tower import TwoTowerRecipe

ALL: tuple[type[Recipe], ...] = (
    TrendingRecipe,
    ItemItemRecipe,
    EaseRecipe,
    LinearRecipe,
    MfRecipe,
    TwoTowerRecipe,
    NcfRecipe,
    SequenceRecipe,
    HstuRecipe,
    GruRecipe,
    LstmRecipe,
    HybridRecipe,
)
RECIPES: Mapping[str, type[Recipe]] = {recipe.name: recipe for recipe in ALL}
