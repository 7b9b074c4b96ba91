"""What is done with people's cards stands in the journal."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the rows that say who looked at a card, exported or erased it."""
    op.create_table(
        "personfact",
        sa.Column("seq", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("school", "code", "kind", "by", "at", "reason")
        ),
        sa.PrimaryKeyConstraint("seq"),
    )


def downgrade() -> None:
    """Only while there is none: rows of the journal are never taken back."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM personfact")).scalar():
        raise RuntimeError("what was done with people's cards cannot be forgotten")
    op.drop_table("personfact")
