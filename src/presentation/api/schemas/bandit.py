"""The bandit, as admins see it."""

from pydantic import Field

from presentation.api.schemas.common import Answer, example

ARM = {"context": "5-19", "engine": "linear", "pulls": 1240, "mean": 0.214, "interval": [0.193, 0.236], "chance": 0.93}


class ArmOut(Answer):
    context: str = Field(description="How many ratings the users have.")
    engine: str
    pulls: int = Field(description="Lists that were counted.")
    mean: float = Field(description="Their mean reward; 0 without any.")
    interval: tuple[float, float] = Field(description="The 95 % interval of the mean.")
    chance: float | None = Field(description="Its chance to make the next list; null where it does not compete.")


class BanditOut(Answer):
    policy: str = Field(description="`off`, `epsilon_greedy` or `thompson`.")
    epsilon: float = Field(description="Share of the lists for which `epsilon_greedy` draws any engine.")
    arms: list[ArmOut] = Field(description="From short histories to long.")

    model_config = example({"policy": "thompson", "epsilon": 0.1, "arms": [ARM]})
