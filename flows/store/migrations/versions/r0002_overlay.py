"""A school has an overlay: the file of what it changes in the methodology."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column; schools without an overlay have an empty one."""
    op.add_column("school", sa.Column("overlay", sa.String(), nullable=False, server_default=""))
