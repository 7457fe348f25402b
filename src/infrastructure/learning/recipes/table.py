"""Every engine that can be trained, in the order in which they are. To add one is to add a file and its line here."""

from collections.abc import Mapping

from infrastructure.learning.recipes.ncf import NcfRecipe
from infrastructure.learning.recipes.recipe import Recipe

RECIPES: Mapping[str, type[Recipe]] = {recipe.name: recipe for recipe in (NcfRecipe,)}
