"""What Marquee's speed is measured by: FastAPI answering with ten Pydantic items, and nothing behind it."""

from fastapi import FastAPI
from pydantic import BaseModel


class Title(BaseModel):
    rank: int
    id: int
    title: str
    genres: list[str]
    score: float


class Titles(BaseModel):
    user_id: int
    items: list[Title]


app = FastAPI(openapi_url=None)

ANSWER = Titles(
    user_id=1,
    items=[Title(rank=n, id=n, title=f"Title {n}", genres=["Drama", "Comedy"], score=1 / n) for n in range(1, 11)],
)


@app.get("/")
async def ten_items() -> Titles:
    """The same ten items each time, checked and serialised each time."""
    return ANSWER
