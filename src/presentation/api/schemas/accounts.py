"""Accounts."""

from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, Field

from domain.users import Demographics, Role
from presentation.api.schemas.common import (
    Answer,
    Body,
    Flag,
    Name,
    PageQuery,
    SearchText,
    Secret,
    Text,
    Time,
    example,
    left_out,
)
from presentation.api.schemas.events import ENGAGED, SAID, EngagementOut, FeedbackOut
from presentation.api.schemas.impressions import SHOWN, ImpressionOut
from presentation.api.schemas.ratings import RATING, RatingOut

CONFIRMATION = "delete all users"

ADA = {
    "id": 944,
    "email": "ada@example.com",
    "username": "ada",
    "role": "user",
    "age": 36,
    "gender": "F",
    "occupation": "programmer",
    "zip_code": "10115",
    "consent": True,
    "created_at": "2026-01-31T12:00:00Z",
}


def email_address(text: str) -> str:
    """A well-formed address. Whether it can be reached is not asked: an installation may have domains of its own."""
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False, test_environment=True)
    except EmailNotValidError as wrong:
        raise ValueError(str(wrong)) from None
    return found.normalized


Email = Annotated[
    str, Text(254, 3), AfterValidator(email_address), Field(json_schema_extra={"format": "email"}, examples=["a@b.org"])
]
Password = Annotated[Secret, Field(min_length=8)]
Gender = Annotated[str, Text(32)]
Age = Annotated[int, Field(strict=True, ge=1, le=120)]


class DemographicsIn(Body):
    age: Age | None = None
    gender: Gender | None = None
    occupation: Name | None = None
    zip_code: Annotated[str, Text(16)] | None = None

    def demographics(self) -> Demographics:
        return Demographics(self.age, self.gender, self.occupation, self.zip_code)


class AccountIn(DemographicsIn):
    email: Email
    username: Name
    password: Password
    consent: Flag = Field(True, description="Whether this person's events may be learned from.")

    model_config = example(
        {
            "email": "ada@example.com",
            "username": "ada",
            "password": "correct horse battery",
            "age": 36,
            "gender": "F",
            "occupation": "programmer",
            "zip_code": "10115",
        }
    )


class AccountChangeIn(DemographicsIn):
    """Fields left out stay as they are; null clears those that may be empty."""

    email: Email = Field(default_factory=left_out)
    username: Name = Field(default_factory=left_out)
    password: Password = Field(default_factory=left_out)
    consent: Flag = Field(default_factory=left_out)

    model_config = example({"username": "lovelace", "zip_code": None})

    def changes(self) -> dict[str, object]:
        """What is to change, but for the password, which is not stored as it comes."""
        return self.model_dump(include=self.model_fields_set - {"password"})


class AccountOut(Answer):
    """A user, as far as the user and admins may see. There is no way to get at a password or its hash."""

    id: int
    email: str | None
    username: str
    role: Role
    age: int | None
    gender: str | None
    occupation: str | None
    zip_code: str | None
    consent: bool
    created_at: Time

    model_config = example(ADA)


class AccountRowOut(AccountOut):
    """The same with the data set that the account came with, if it came with one."""

    origin: str | None

    model_config = example({**ADA, "origin": None})


class AccountQuery(PageQuery):
    q: SearchText = Field("", description="Sought in email addresses and user names.")


class DeleteAllIn(Body):
    confirm: Literal["delete all users"] = Field(description="These very words, so that it does not happen by chance.")

    model_config = example({"confirm": CONFIRMATION})


class DeletedAllOut(Answer):
    message: str
    deleted: int

    model_config = example({"message": "943 users were deleted.", "deleted": 943})


class TasteSettingsOut(Answer):
    muted_genres: list[str]
    boosted_genres: list[str]


class ExportOut(Answer):
    """Everything that is held about one user."""

    user: AccountOut
    taste: TasteSettingsOut
    ratings: list[RatingOut]
    impressions: list[ImpressionOut]
    engagements: list[EngagementOut]
    feedback: list[FeedbackOut]

    model_config = example(
        {
            "user": ADA,
            "taste": {"muted_genres": ["Horror"], "boosted_genres": []},
            "ratings": [RATING],
            "impressions": [SHOWN],
            "engagements": [ENGAGED],
            "feedback": [SAID],
        }
    )
