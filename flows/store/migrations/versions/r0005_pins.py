"""Programmes follow edits of their definitions."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the rows that say which definition a programme is pinned to, and since when."""
    op.create_table(
        "pin",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("programme", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("bundle", sa.String(), nullable=False),
        sa.Column("moves", sa.String(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_index(op.f("ix_pin_programme"), "pin", ["programme"], unique=False)


def downgrade() -> None:
    """Only while no programme followed an edit: rows of the journal are never taken back."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM pin")).scalar():
        raise RuntimeError("what programmes were pinned to cannot be forgotten")
    op.drop_table("pin")
